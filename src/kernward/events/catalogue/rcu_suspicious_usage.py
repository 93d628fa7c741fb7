"""RCU-protected data was used without the protection that the code promises."""

import re

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern
from kernward.events.reading import Reading

_CHECK = re.compile(r"(?P<file>[\w./+-]+\.[chS]):(?P<line>\d+) ")
# What stands between the header and the check's place, and nothing else does.
_BETWEEN = re.compile(r"\s*$|-+$|\d+\.\d+\S* .*(?:Not tainted|Tainted: )")


def read(reading: Reading) -> None:
    """The check's place stands below the header; RCU's and slab code act for a caller."""
    reading.machinery.append((r"\w*(?:rcu|kmem|slab)\w*", "is RCU's or the allocator's own code"))
    for text in reading.texts[1:8]:
        if found := _CHECK.match(text):
            reading.fields["at_file"] = found["file"]
            reading.fields["at_line"] = int(found["line"])
            return
        if not _BETWEEN.match(text):
            reading.corrupted_reason = "another message stands in the middle of the report's header"
            # Then the community goes by the header alone.
            reading.alt_titles = ("{level}: suspicious RCU usage",)


KIND = Kind(
    id="rcu-suspicious-usage",
    title="{level}: suspicious RCU usage in {function}",
    title_without_function="{level}: suspicious RCU usage in corrupted",
    class_="crash",
    severity="warning",
    patterns=(
        Pattern(
            literal="suspicious RCU usage",
            regex=r"(?:\[ ?)?(?P<level>INFO|WARNING|BUG): suspicious RCU usage",
            unprinted="CONFIG_PROVE_RCU is off in Debian's kernels",
        ),
    ),
    fields=(
        Field("level", "str", "INFO, BUG or WARNING, as the release words it"),
        Field("at_file", "str", "source file of the check"),
        Field("at_line", "int", "line of the check"),
    ),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    read=read,
    printed_by=("kernel/locking/lockdep.c:lockdep_rcu_suspicious",),
    meaning=(
        "rcu_dereference_check() or a list walk ran without rcu_read_lock() and without the "
        "lock it names. Meanwhile the data may be freed under the reader. Sometimes only the "
        "annotation is wrong; the named file and line is the check."
    ),
    next_steps=(
        "The third line names the source file and line of the check.",
        "Look at the list of held locks: which one was thought to protect this?",
        "Take rcu_read_lock(), or correct the condition of rcu_dereference_check().",
    ),
    confused_with=("warning: other WARNs of RCU.",),
    example=(
        "[ 5020.043391] =============================\n"
        "[ 5020.043394] WARNING: suspicious RCU usage\n"
        "[ 5020.043414] 6.9.0-rc4-dbg+ #3 Not tainted\n"
        "[ 5020.043418] -----------------------------\n"
        "[ 5020.043437] kernel/bpf/core.c:1931 suspicious rcu_dereference_check() usage!\n"
        "[ 5020.043447]\n"
        "[ 5020.043459] other info that might help us debug this:\n"
        "[ 5020.043475]\n"
        "[ 5020.043494]\n"
        "[ 5020.043502] rcu_scheduler_active = 2, debug_locks = 1\n"
        "[ 5020.043514] 1 lock held by bpftool/6886:\n"
        "[ 5020.043525]  #0: ffffffff8a2b1a50 (event_mutex){+.+.}-{3:3}, at: "
        "perf_event_query_prog_array+0x144/0x410\n"
        "[ 5020.043534]\n"
        "[ 5020.043549] stack backtrace:\n"
        "[ 5020.043557] CPU: 7 PID: 6886 Comm: bpftool Not tainted 6.9.0-rc4-dbg+ #3\n"
        "[ 5020.043566] Call Trace:\n"
        "[ 5020.043579]  <TASK>\n"
        "[ 5020.043585]  dump_stack_lvl+0x31a/0x930\n"
        "[ 5020.043596]  lockdep_rcu_suspicious+0x801/0x940\n"
        "[ 5020.043600]  bpf_prog_array_copy_info+0x122/0x4d0\n"
        "[ 5020.043616]  perf_event_query_prog_array+0xa59/0xae0\n"
        "[ 5020.043635]  _perf_ioctl+0x2da/0x490\n"
        "[ 5020.043639]  perf_ioctl+0x50/0x70\n"
        "[ 5020.043728]  </TASK>"
    ),
    near_miss="[   40.471339] app: suspicious RCU usage",
)
