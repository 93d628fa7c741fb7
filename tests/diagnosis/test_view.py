"""Evidence says where it was read: the file of the field, of the process or the group that it is about."""

import pytest

from kernward.collectors.sample import sources
from kernward.collectors.source import AnySource
from kernward.collectors.sources import cgroup_cpu, memory_settings, pressure, processes, threads
from kernward.records.check import Scope
from tests.diagnosis.windows import view

HOST, NGINX = Scope(), Scope("process", "nginx[812]")


@pytest.mark.parametrize(
    ("source", "field", "scope", "file"),
    [
        (processes.SOURCE, "user_s", NGINX, "/proc/812/stat"),
        (processes.SOURCE, "waited_s", NGINX, "/proc/812/schedstat"),
        (processes.SOURCE, "state", HOST, "/proc/PID/stat"),
        (threads.SOURCE, "voluntary_switches", NGINX, "/proc/812/task/TID/status"),
        (threads.SOURCE, "voluntary_switches", Scope("process", "a[1]/PID/[77]"), "/proc/77/task/TID/status"),
        (threads.SOURCE, "voluntary_switches", Scope("process", "gone"), "/proc/PID/task/TID/status"),
        (pressure.SOURCE, "io_some_s", HOST, "/proc/pressure/io"),
        (memory_settings.SOURCE, "thp_defrag", HOST, "/sys/kernel/mm/transparent_hugepage/defrag"),
        (cgroup_cpu.SOURCE, "quota_s", Scope("cgroup", "/a.slice"), "/sys/fs/cgroup/a.slice/cpu.max"),
    ],
)
def test_the_file_is_that_of_the_field_and_of_the_scope(
    source: AnySource, field: str, scope: Scope, file: str
) -> None:
    assert view({}).evidence(source, field, 1, scope=scope).source == file


@pytest.mark.parametrize("name", sorted(sources()))
def test_files_are_told_for_fields_that_there_are(name: str) -> None:
    source = sources()[name]
    told = {each: source.file_of(each) for each in source.quantities} if source.file_of else {}
    assert all(
        file is None or file.startswith(("/proc/", "/sys/", "/etc/", "adjtimex")) for file in told.values()
    )
    # A field that was renamed would be told by the first file again.
    assert set(getattr(source.file_of, "__self__", {})) <= set(source.record.__struct_fields__)
