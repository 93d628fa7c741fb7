"""A WARN(): a condition the kernel's authors thought impossible was true; the kernel went on."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

# Checks that have kinds of their own, by file, and by file and function.
_OWN_FILES = r"[\w./-]*(?:lib/refcount|lib/debugobjects|lib/list_debug|mm/usercopy|lib/kobject)\.c:"
_ALLOCATORS = r"(?:\./)?mm/[\w/-]+\.c:\d+ (?:at )?(?:_{0,2}vmalloc_(?:area_)?node|\w*k[a-z]{0,2}malloc)"
_NOT_ELSEWHERE = rf"(?!{_OWN_FILES}|{_ALLOCATORS})"

KIND = Kind(
    id="warning",
    title="WARNING in {function}",
    title_without_function="WARNING in corrupted",
    class_="crash",
    severity="warning",
    patterns=(
        # Until 6.15.
        Pattern(
            literal="WARNING: CPU: ",
            regex=(
                rf"WARNING: CPU: (?P<cpu>\d+) PID: (?P<pid>\d+) at {_NOT_ELSEWHERE}"
                r"(?:(?P<at_file>[\w./+-]+):(?P<at_line>\d+) ?)?(?P<at_function>[\w.$]+)?(?:\+0x|\(|$)"
            ),
            printed=("WARNING: CPU: %d PID: %d at ",),
        ),
        # The CPU and the task moved to the end of the line.
        Pattern(
            literal=", CPU#",
            regex=(
                rf"WARNING: {_NOT_ELSEWHERE}(?:(?P<at_file>[\w./+-]+):(?P<at_line>\d+) at )?"
                r"(?P<at_function>[\w.$]+)(?:\+0x[0-9a-f]+/0x[0-9a-f]+)?(?: \[[\w-]+\])?, CPU#"
                r"(?P<cpu>\d+): (?P<comm>.{1,16})/(?P<pid>\d+)"
            ),
            since="6.16",
            unprinted="newer than 6.12",
        ),
        # Old kernels name no CPU.
        Pattern(
            literal="WARNING: at ",
            regex=(
                rf"WARNING: at {_NOT_ELSEWHERE}"
                r"(?P<at_file>[\w./+-]+):(?P<at_line>\d+) (?P<at_function>[\w.$]+)?"
            ),
            unprinted="older than 6.1",
        ),
    ),
    fields=(
        Field("cpu", "int", "the CPU that printed it"),
        Field("pid", "int", "the task that ran"),
        Field("comm", "str", "name of the task that ran"),
        Field("at_file", "str", "source file of the check"),
        Field("at_line", "int", "line of the check"),
        Field("at_function", "str", "the function that holds the check"),
    ),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    printed_by=(
        "kernel/panic.c:__warn",
        "lib/bug.c:report_bug",
    ),
    meaning=(
        "A check in the kernel found a state that should not exist, printed where, and went "
        "on. The machine keeps running, but something is already inconsistent: a missing "
        "lock, a reference count, a driver bug or a bad value from user space or a device. "
        "With panic_on_warn the machine panics. The first warning of a boot matters most; "
        "later ones are often its consequences."
    ),
    next_steps=(
        (
            "`scripts/faddr2line vmlinux <function+offset>` for the guilty frame; read the "
            "condition at the printed file and line."
        ),
        "Look at the line before the header: WARN() with a text prints what it found.",
        (
            "`git log -L<line>,+1:<file>` upstream, or search the title on lore.kernel.org: many "
            "warnings are known and fixed."
        ),
        ("Count it over the fleet by kernel release: a warning that came with a release is a regression."),
    ),
    confused_with=(
        "kernel-bug: a BUG() kills the task; a WARNING only reports.",
        "warning-refcount: reference count checks have a kind of their own.",
    ),
    example=(
        "[ 4085.286781] ------------[ cut here ]------------\n"
        "[ 4085.286800] WARNING: CPU: 1 PID: 1407 at net/sched/sch_hfsc.c:1427 "
        "hfsc_dequeue+0x3a1/0x4c0 [sch_hfsc]\n"
        "[ 4085.286809] Modules linked in: xfs libcrc32c bonding tls intel_rapl_msr kvm_intel kvm "
        "irqbypass igb\n"
        "[ 4085.286818] CPU: 1 PID: 1407 Comm: tc Not tainted 6.1.0-28-amd64 #1  Debian 6.1.119-1\n"
        "[ 4085.286846] RIP: 0010:hfsc_dequeue+0x3a1/0x4c0 [sch_hfsc]\n"
        "[ 4085.286967] Call Trace:\n"
        "[ 4085.286976]  <TASK>\n"
        "[ 4085.286994]  __qdisc_run+0x186/0xc10\n"
        "[ 4085.287014]  __dev_queue_xmit+0x6f4/0x780\n"
        "[ 4085.287027]  ip_finish_output2+0x807/0xb30\n"
        "[ 4085.287033]  ip_send_skb+0x191/0x430\n"
        "[ 4085.287049]  udp_send_skb+0x6a0/0xc30\n"
        "[ 4085.287065]  udp_sendmsg+0x7c0/0xb50\n"
        "[ 4085.287192]  </TASK>\n"
        "[ 4085.287210] ---[ end trace 0000000000000000 ]---"
    ),
    near_miss=(
        "[    0.311940] WARNING: Spectre v2 mitigation leaves CPU vulnerable to RETBleed "
        "attacks, data leaks possible!"
    ),
)
