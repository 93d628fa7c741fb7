"""A WARN(): a condition the kernel's authors thought impossible was true; the kernel went on."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="warning",
    title="WARNING in {function}",
    title_without_function="WARNING in corrupted",
    class_="crash",
    severity="warning",
    subsystem=None,
    patterns=(
        # Until 6.15.
        Pattern(
            literal="WARNING: CPU: ",
            regex=(
                r"WARNING: CPU: (?P<cpu>\d+) PID: (?P<pid>\d+) at "
                r"(?![\w./-]*(?:lib/refcount|lib/debugobjects|lib/list_debug|mm/usercopy|lib/kobject)\.c:)"
                r"(?!(?:\./)?mm/[\w/-]+\.c:\d+ (?:_{0,2}vmalloc_(?:area_)?node|\w*k[a-z]{0,2}malloc))(?:"
                r"(?P<at_file>[\w./+-]+):(?P<at_line>\d+) ?)?(?P<at_function>[\w.$]+)?(?:\+0x|\(|$)"
            ),
            printed=("WARNING: CPU: %d PID: %d at ",),
        ),
        # The CPU and the task moved to the end of the line.
        Pattern(
            literal=", CPU#",
            regex=(
                r"WARNING: "
                r"(?![\w./-]*(?:lib/refcount|lib/debugobjects|lib/list_debug|mm/usercopy|lib/kobject)\.c:)"
                r"(?!(?:\./)?mm/[\w/-]+\.c:\d+ at (?:_{0,2}vmalloc_(?:area_)?node|\w*k[a-z]{0,2}malloc))(?:(?P<at_file>[\w./+-]+):(?P<at_line>\d+) at )?"
                r"(?P<at_function>[\w.$]+)(?:\+0x[0-9a-f]+/0x[0-9a-f]+)?(?: \[[\w-]+\])?, CPU#"
                r"(?P<cpu>\d+): (?P<comm>.{1,16})/(?P<pid>\d+)"
            ),
            since="6.16",
            unprinted="newer than 6.12",
        ),
        # Kernels before 3.11 name no CPU.
        Pattern(
            literal="WARNING: at ",
            regex=(
                r"WARNING: at "
                r"(?![\w./-]*(?:lib/refcount|lib/debugobjects|lib/list_debug|mm/usercopy|lib/kobject)\.c:)(?P<at_file>[\w./+-]+):(?P<at_line>\d+) (?P<at_function>[\w.$]+)?"
            ),
            until="3.10",
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
        "[  211.004512] ------------[ cut here ]------------\n"
        "[  211.004518] WARNING: CPU: 3 PID: 1733 at net/core/dev.c:5410 "
        "netif_receive_skb_core+0x6d1/0x9a0\n"
        "[  211.004530] Modules linked in: bridge stp llc"
    ),
    near_miss=(
        "[    0.311940] WARNING: Spectre v2 mitigation leaves CPU vulnerable to RETBleed "
        "attacks, data leaks possible!"
    ),
)
