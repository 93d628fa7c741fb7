"""A BUG(): the kernel met a state with which it could not go on, and killed the task."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern
from kernward.events.reading import Reading


def read(reading: Reading) -> None:
    """Helpers of socket buffers check for their caller, who holds the buffer wrongly."""
    reading.machinery.append((r"skb_\w+", "checks a socket buffer for its caller"))


KIND = Kind(
    id="kernel-bug",
    title="kernel BUG in {function}",
    title_without_function="kernel BUG in corrupted",
    class_="crash",
    severity="error",
    patterns=(
        Pattern(
            literal="kernel BUG at ",
            regex=(
                r"[kK]ernel BUG at (?![\w./-]*(?:lib/list_debug|mm/usercopy)\.c:)(?:"
                r"(?P<at_file>[\w./+-]+):(?P<at_line>\d+)!|[\w.+/]{3,80}!)"
            ),
        ),
        Pattern(
            literal="Kernel BUG at ",
            regex=r"Kernel BUG at (?:(?P<at_file>[\w./+-]+):(?P<at_line>\d+)|[\w.+/]{3,80})",
            unprinted="kernels before 2.6.26 and other architectures",
        ),
    ),
    fields=(
        Field("at_file", "str", "source file of the check"),
        Field("at_line", "int", "line of the check"),
    ),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    absorbs=("invalid-opcode", "oops", "internal-error"),
    read=read,
    printed_by=(
        "lib/bug.c:report_bug",
        "arch/x86/kernel/traps.c:handle_bug",
    ),
    meaning=(
        "A check that its authors thought could never fail did fail, at the printed file and "
        "line, and the kernel stopped the task there because going on would do damage. Locks "
        "the task held stay held, so hangs follow; with panic_on_oops or in an interrupt the "
        "machine panics. The condition is in the source at that line."
    ),
    next_steps=(
        "Read the condition: `sed -n <line>p <file>` of exactly this kernel's source.",
        "`scripts/faddr2line vmlinux <function+offset>` for the RIP, then the callers.",
        "A VM_BUG_ON line before the header holds a page dump: look at its flags and counts.",
        "`git log -L<line>,+1:<file>` upstream for a fix.",
    ),
    confused_with=(
        "warning: only reports, the task goes on.",
        "invalid-opcode: the same trap without this line.",
    ),
    example=(
        "[ 1771.962731] ------------[ cut here ]------------\n"
        "[ 1771.962742] kernel BUG at fs/jbd2/transaction.c:1628!\n"
        "[ 1771.962756] invalid opcode: 0000 [#1] PREEMPT SMP NOPTI\n"
        "[ 1771.962764] CPU: 7 PID: 3400 Comm: jbd2/sda2-8 Not tainted 6.1.0-28-amd64 #1  Debian "
        "6.1.119-1\n"
        "[ 1771.962793] RIP: 0010:jbd2_journal_dirty_metadata+0x134/0x190 [jbd2]\n"
        "[ 1771.962894] Call Trace:\n"
        "[ 1771.962913]  <TASK>\n"
        "[ 1771.962932]  __ext4_handle_dirty_metadata+0x207/0x960 [ext4]\n"
        "[ 1771.962947]  ext4_mark_iloc_dirty+0x683/0xde0 [ext4]\n"
        "[ 1771.962955]  __ext4_mark_inode_dirty+0x3ae/0x460 [ext4]\n"
        "[ 1771.962968]  ext4_dirty_inode+0x3c6/0xbf0 [ext4]\n"
        "[ 1771.962978]  __mark_inode_dirty+0x10/0x270\n"
        "[ 1771.962984]  generic_update_time+0x173/0x370\n"
        "[ 1771.963121]  </TASK>\n"
        "[ 1771.963135] Modules linked in: ext4 crc16 mbcache jbd2\n"
        "[ 1771.963140] ---[ end trace 0000000000000000 ]---"
    ),
    near_miss="[  512.330174] app[901]: found kernel BUG at fs/ext4/inode.c:2703!",
)
