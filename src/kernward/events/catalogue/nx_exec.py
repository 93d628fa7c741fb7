"""The kernel jumped to memory that may not be executed, or to a page of user space."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="nx-exec",
    title="kernel tried to execute {page} page in {function}",
    title_without_function="kernel tried to execute {page} page in corrupted",
    class_="crash",
    severity="error",
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
    example=(
        "[ 4400.662513] kernel tried to execute NX-protected page - exploit attempt? (uid: 1000)\n"
        "[ 4400.662528] BUG: unable to handle page fault for address: ffff8881cf50f500\n"
        "[ 4400.662538] #PF: supervisor instruction fetch in kernel mode\n"
        "[ 4400.662545] #PF: error_code(0x0011) - permissions violation\n"
        "[ 4400.662553] Oops: 0011 [#1] PREEMPT SMP NOPTI\n"
        "[ 4400.662566] CPU: 7 PID: 1512 Comm: poc Not tainted 6.1.0-28-amd64 #1  Debian 6.1.119-1\n"
        "[ 4400.662592] RIP: 0010:0xffff88815efc8700\n"
        "[ 4400.662705] Call Trace:\n"
        "[ 4400.662711]  <TASK>\n"
        "[ 4400.662717]  tty_ldisc_hangup+0x1ba/0x800\n"
        "[ 4400.662727]  __tty_hangup.part.0+0x1d9/0x230\n"
        "[ 4400.662747]  tty_ioctl+0x89c/0xcf0\n"
        "[ 4400.662750]  __x64_sys_ioctl+0x5/0x260\n"
        "[ 4400.662765]  do_syscall_64+0x15d/0x590\n"
        "[ 4400.662769]  entry_SYSCALL_64_after_hwframe+0x4e2/0xa10\n"
        "[ 4400.662813]  </TASK>\n"
        "[ 4400.662832] Modules linked in: xfs libcrc32c bonding tls intel_rapl_msr kvm_intel kvm "
        "irqbypass igb\n"
        "[ 4400.662846] ---[ end trace 0000000000000000 ]---"
    ),
    near_miss="[    0.000000] NX (Execute Disable) protection: active",
)
