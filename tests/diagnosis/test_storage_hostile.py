"""Tests of storage never fail, whatever a machine or a recording says of itself."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kernward.collectors.kernel_messages import LogEvent
from kernward.collectors.sources import (
    block,
    diskstats,
    filesystem,
    filesystem_errors,
    journal,
    kernel_events,
    md,
    mounts,
    nfs,
    process_io,
    task_waits,
    writeback,
)
from kernward.collectors.sources.task_waits import BlockedTask, TaskWaits
from kernward.diagnosis.disk_errors import ERRORS, GIVEN_UP, STOPPED, TIMEOUTS
from kernward.diagnosis.hypotheses import (
    device_data_changed,
    filesystem_corrupted,
    hypotheses,
    remote_storage_hung,
)
from kernward.diagnosis.hypothesis import Confirmed
from kernward.diagnosis.view import View
from tests.diagnosis.kernel_log import by_kind
from tests.diagnosis.storage_windows import BALANCE, FROZEN, FSYNC, JOURNAL, READ
from tests.diagnosis.windows import window

IO = [each for each in hypotheses().values() if each.group == "io"]
NAMES = st.sampled_from(
    ["vda", "vda1", "dm-0", "dm-1", "sda", "nbd0", "md0", "nvme0n1", "\x1b[31m", "ata3", "../..", ""]
)
COUNTS = st.one_of(st.none(), st.integers(0, 1 << 40))
KINDS = sorted(
    {
        *ERRORS,
        *TIMEOUTS,
        *GIVEN_UP,
        *STOPPED,
        *filesystem_corrupted.KINDS,
        *device_data_changed.KINDS,
        *remote_storage_hung.SERVER_SILENT,
        "hung-task",
        "nfs-server-ok",
        "dm-thin-out-of-space",
    }
)
VALUES = st.one_of(st.none(), st.integers(-3, 1 << 40), st.text(max_size=8), NAMES, st.booleans())
FIELDS = (
    "device",
    "port",
    "address",
    "sector",
    "error",
    "reason",
    "status_type",
    "sense_key",
    "operation",
    "server",
    "mode",
)
# The numbers of devices, wrong ones too.
NUMBERS = st.sampled_from(["254:0", "253:0", "8:0", None, "x"])


def some(record: type[Any], **more: Any) -> st.SearchStrategy[Any]:
    """Records of which each count is any number or absent."""
    counts = {name: COUNTS for name in record.__struct_fields__ if name not in more and _counts(record, name)}
    return st.builds(record, **counts, **more)


def _counts(record: type[Any], name: str) -> bool:
    return "int" in str(record.__annotations__.get(name, "")) or "float" in str(
        record.__annotations__.get(name, "")
    )


DISKS = st.dictionaries(NAMES, some(diskstats.Diskstats, number=NUMBERS), max_size=4)
BLOCKS = st.dictionaries(
    NAMES,
    some(
        block.Block,
        number=NUMBERS,
        lies_on=st.lists(NAMES, max_size=3).map(tuple),
        carries=st.lists(NAMES, max_size=3).map(tuple),
        partitions=st.sampled_from([(), ("vda1=8:1",), ("x",)]),
        mapped_name=st.sampled_from([None, "vg-root"]),
        transport=st.sampled_from([None, "nbd"]),
        state=st.sampled_from([None, "running", "offline"]),
        write_cache=st.sampled_from([None, "write back", "write through"]),
        port=st.sampled_from([None, "ata3", "nvme0"]),
    ),
    max_size=4,
)
WAITS = st.dictionaries(
    st.sampled_from(["1", "7", "9"]),
    st.builds(
        lambda comm, stack: TaskWaits(
            comm=comm, threads=1, blocked=1, blocked_tasks=(BlockedTask("7", comm, None, stack),)
        ),
        st.text(max_size=6),
        st.sampled_from([BALANCE, FSYNC, READ, FROZEN, JOURNAL, ()]),
    ),
    max_size=3,
)
EVENTS = st.lists(
    st.builds(
        LogEvent,
        kind=st.sampled_from(KINDS),
        title=st.just(""),
        severity=st.just("error"),
        at_s=st.none(),
        age_s=st.one_of(st.none(), st.floats(0, 1e6)),
        text=st.text(max_size=20),
        fields=st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=4),
    ),
    max_size=4,
)
POINTS = st.sampled_from(["/", "/data", "/srv"])
READINGS = st.fixed_dictionaries(
    {},
    optional={
        diskstats.SOURCE: DISKS,
        block.SOURCE: BLOCKS,
        task_waits.SOURCE: WAITS,
        kernel_events.SOURCE: EVENTS.map(lambda some: by_kind(*some)),
        writeback.SOURCE: some(writeback.Writeback),
        mounts.SOURCE: st.dictionaries(
            POINTS,
            some(
                mounts.Mount,
                number=NUMBERS,
                kind=st.sampled_from([None, "ext4", "xfs", "nfs4"]),
                source=NAMES,
            ),
        ),
        filesystem.SOURCE: st.dictionaries(POINTS, some(filesystem.Filesystem)),
        filesystem_errors.SOURCE: st.dictionaries(
            NAMES, some(filesystem_errors.FilesystemErrors, kind=st.just("ext4"))
        ),
        journal.SOURCE: st.dictionaries(NAMES, some(journal.Journal)),
        md.SOURCE: st.dictionaries(NAMES, some(md.Md, faulty=st.lists(NAMES, max_size=2).map(tuple))),
        nfs.SOURCE: st.dictionaries(POINTS, some(nfs.Nfs)),
        process_io.SOURCE: st.dictionaries(st.sampled_from(["7", "9"]), some(process_io.ProcessIo)),
    },
)


@settings(max_examples=50)
@given(readings=st.lists(READINGS, min_size=1, max_size=4), final=st.booleans())
def test_whatever_is_read_each_test_gives_a_verdict(readings: list[dict[Any, Any]], final: bool) -> None:
    view = View(window(*readings, every_s=3.0), final=final)
    for each in IO:
        found = list(each.test(view))
        assert found, each.id
        for verdict in found:
            if isinstance(verdict, Confirmed):
                assert 0 < verdict.confidence <= 1
                assert verdict.evidence, each.id
