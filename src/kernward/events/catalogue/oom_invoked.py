"""Memory ran out and the OOM killer began its work. All out-of-memory reports open with this line; the rest
of the report decides which kind it is, and only one that was cut off before that stays of this kind."""

from kernward.events.kind import Kind, Pattern
from kernward.events.oom_report import CONTINUES, FIELDS, REACH, read

KIND = Kind(
    id="oom-invoked",
    title="Out of memory: oom-killer invoked, no kill reported",
    class_="resource",
    severity="error",
    subsystem="mm",
    patterns=(
        Pattern(
            literal=" invoked oom-killer: gfp_mask=",
            regex=r".{0,64} invoked oom-killer: gfp_mask=0x[0-9a-f]+",
            printed=("%s invoked oom-killer: gfp_mask=%#x(%pGg), order=%d, oom_score_adj=%hd",),
        ),
    ),
    fields=FIELDS,
    continues=CONTINUES,
    reach=REACH,
    absorbs=(
        "oom-kill-global",
        "oom-kill-cgroup",
        "oom-kill-nodes",
        "oom-no-killable",
        "oom-reaped",
    ),
    read=read,
    printed_by=("mm/oom_kill.c:dump_header",),
    meaning=(
        "A process needed memory, none could be reclaimed, and the OOM killer was called. The report names "
        "no victim: the log was cut, lines were dropped, the machine died while it printed, or "
        "vm.panic_on_oom made it panic instead of killing. The process named here only asked; it is neither "
        "the victim nor necessarily the cause."
    ),
    next_steps=(
        (
            "Look for the rest in another sink of the same host (serial console, pstore, netconsole) at "
            "this time."
        ),
        (
            "Read what is there: the stack tells a cgroup's limit (`mem_cgroup_out_of_memory`) from the "
            "machine's (`__alloc_pages_slowpath`)."
        ),
        (
            "A panic right after it is vm.panic_on_oom at work; if the log ends here, the machine may have "
            "hung under memory pressure: look for what the next boot says."
        ),
    ),
    confused_with=(
        "oom-kill-global: the whole report of a machine without memory",
        "oom-kill-cgroup: the whole report of a cgroup at its limit",
    ),
    example="""\
[ 7331.204415] java invoked oom-killer: gfp_mask=0x140cca(GFP_HIGHUSER_MOVABLE|__GFP_COMP), order=0, oom_score_adj=0
[ 7331.204431] CPU: 2 PID: 4121 Comm: java Not tainted 6.1.0-13-amd64 #1  Debian 6.1.55-1""",
    near_miss="[ 7331.204415] systemd[1]: app.service: java invoked oom-killer, see the kernel log",
)
