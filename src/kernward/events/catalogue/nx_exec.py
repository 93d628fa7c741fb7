"""The kernel jumped to memory that may not be executed, or to a page of user space."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="nx-exec",
    title="kernel tried to execute {page} page in {function}",
    title_without_function="kernel tried to execute {page} page in corrupted",
    class_="crash",
    severity="error",
    subsystem=None,
    patterns=(
        Pattern(
            literal="kernel tried to execute ",
            regex=(
                r"kernel tried to execute (?P<page>NX-protected|exec-protected|user) page(?: ?"
                r"\((?P<address>[0-9a-f]+)\))?(?: - exploit attempt\? \(uid: (?P<uid>\d+)\))?"
            ),
            printed=("kernel tried to execute NX-protected page - exploit attempt?",),
        ),
        Pattern(
            literal="unable to execute userspace code (SMEP?)",
            regex=r"unable to execute userspace code \(SMEP\?\) \(uid: (?P<uid>\d+)\)",
        ),
    ),
    fields=(
        Field("page", "str", "which protection refused"),
        Field("address", "hex", "the page, where the architecture prints it"),
        Field("uid", "int", "the user on whose behalf the kernel ran"),
    ),
    key=("page",),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    absorbs=(
        "page-fault",
        "null-pointer-dereference",
        "oops",
    ),
    printed_by=("arch/x86/mm/fault.c:show_fault_oops",),
    meaning=(
        "An indirect call or a return went to data or to user memory, and the CPU refused to "
        "execute it. Either a function pointer or a return address was overwritten, or an "
        "object with a function pointer was used after it was freed; it is also what an "
        "exploit attempt looks like. The lines that follow are an ordinary page-fault report."
    ),
    next_steps=(
        (
            "Look at the first frame after `0x0`/the bad RIP: that function made the call; "
            "`scripts/faddr2line` it."
        ),
        "Find the structure that held the pointer and who frees it.",
        (
            "Check who ran: a non-root uid with an unexpected program is a security incident; "
            "keep the disk and memory."
        ),
    ),
    confused_with=("page-fault: the same report without this line: data was accessed, not executed.",),
    example="[  418.220001] kernel tried to execute NX-protected page - exploit attempt? (uid: 1000)",
    near_miss="[    0.000000] NX (Execute Disable) protection: active",
)
