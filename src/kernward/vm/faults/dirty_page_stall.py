"""Writers wait because dirty pages go to a slow disk."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kernward.vm.fault import DiskNeed, Fault, Needs, Parameter, Symptom, Truth, Values
from kernward.vm.fault_parts import COUNT, DISK, SERVE, STOP, service_name, throttle, unthrottled

if TYPE_CHECKING:
    from kernward.vm.machine import Machine


def _slow_down(machine: "Machine", peers: "Sequence[Machine]", values: Values) -> None:
    # QEMU's throttle delays requests as a disk does that can take no more.
    throttle(machine, "spinning", write_bytes_per_s=int(values["write_kb_s"]) * 1024)


FAULT = Fault(
    name="dirty-page-stall",
    title="writers wait for dirty pages to be written",
    doc=(
        "A service writes faster through the page cache than its disk takes the pages. At vm.dirty_bytes the "
        "kernel makes every writer sleep until the disk has caught up: plain write() calls, which never "
        "touch the disk themselves, take seconds."
    ),
    group="storage",
    parameters=(
        Parameter(
            "dirty_mb", 8, "MiB", "vm.dirty_bytes; writing back begins at half of it", least=2, most=64
        ),
        Parameter("write_kb_s", 512, "KiB/s", "what the disk takes", least=64, most=8192),
        service_name("ingest"),
    ),
    needs=Needs(misbehave=True, modules=("ext4",), disks=(DiskNeed("spinning", "ext4", 192),)),
    inject=DISK
    + SERVE
    + """
        mkdir -p /mnt/spinning
        mount -t ext4 $(disk spinning) /mnt/spinning || exit 1
        echo $((dirty_mb << 19)) >/proc/sys/vm/dirty_background_bytes
        echo $((dirty_mb << 20)) >/proc/sys/vm/dirty_bytes
        serve $service "" dirty /mnt/spinning/log 128
    """,
    drive=_slow_down,
    undrive=unthrottled("spinning"),
    undo=STOP
    + """
        echo 20 >/proc/sys/vm/dirty_ratio
        echo 10 >/proc/sys/vm/dirty_background_ratio
        stop $service
    """,
    symptom=Symptom(
        doc="The writer sleeps in balance_dirty_pages(), and dirty pages are at half of the limit at least.",
        command=COUNT
        + """
        wchan=$(cat /proc/$(cat /run/$service.pid)/wchan)
        dirty=$(($(count /proc/vmstat nr_dirty) + $(count /proc/vmstat nr_writeback)))
        limit=$(count /proc/vmstat nr_dirty_threshold)
        echo "the writer sleeps in $wchan; $dirty pages are dirty or being written, the limit is $limit"
        case $wchan in balance_dirty_pages*) ;; *) exit 1 ;; esac
        [ $((dirty * 2)) -ge $limit ]
        """,
        within_s=60,
    ),
    truth=Truth(
        cause="dirty-page-throttling",
        entity_kind="device",
        entity="vda",
        mechanism=(
            "balance_dirty_pages() in mm/page-writeback.c puts each writer to sleep while more pages are dirty than "
            "the limit allows; wb_writeback() in fs/fs-writeback.c can write them no faster than the disk takes "
            "them."
        ),
    ),
)
