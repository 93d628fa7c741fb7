"""KASAN's hint beside a fault: which real address the faulting shadow address stands for."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="kasan-range",
    title="KASAN: {bug} in {function}",
    title_without_function="KASAN: {bug} in corrupted",
    class_="crash",
    severity="error",
    patterns=(
        Pattern(
            literal="KASAN: ",
            regex=(
                r"KASAN: (?P<bug>null-ptr-deref|probably user-memory-access|maybe"
                r" wild-memory-access|user-memory-access|wild-memory-access|probably"
                r" wild-memory-access) in range \[0x(?P<range_start>[0-9a-f]+)-0x"
                r"(?P<range_end>[0-9a-f]+)\]"
            ),
            unprinted="CONFIG_KASAN is off in Debian's kernels",
        ),
    ),
    fields=(
        Field("bug", "str", "NULL, user or wild pointer"),
        Field("range_start", "hex", "first byte of the 8 bytes accessed"),
        Field("range_end", "hex", "last byte of them"),
    ),
    key=("bug",),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    absorbs=(
        "general-protection-fault",
        "oops",
    ),
    printed_by=("mm/kasan/report.c:kasan_non_canonical_hook",),
    meaning=(
        "KASAN checks a pointer by reading its shadow byte; for a NULL or wild pointer that "
        "shadow does not exist and the check itself faults. This line translates the shadow "
        "address back: the access was to the printed range. It normally stands inside the "
        "report of the fault; alone it means that the rest was lost."
    ),
    next_steps=(
        ("Read the range as the address that was used: below 0x1000 it is a member of a NULL structure."),
        "Find the fault report around it and work on that one.",
    ),
    confused_with=("kasan: the access had a shadow and KASAN itself reports it.",),
    example=(
        "[ 7758.476789] KASAN: probably user-memory-access in range "
        "[0x0000000041424348-0x000000004142434f]\n"
        "[ 7758.476800] CPU: 6 PID: 18701 Comm: fsck Not tainted 6.9.0-rc4-dbg+ #3\n"
        "[ 7758.476826] RIP: 0010:hfs_btree_open+0x464/0x800 [hfs]\n"
        "[ 7758.476973] Call Trace:\n"
        "[ 7758.476988]  <TASK>\n"
        "[ 7758.476993]  hfs_mdb_get+0x465/0xd00 [hfs]\n"
        "[ 7758.477006]  hfs_fill_super+0x4e9/0x9b0 [hfs]\n"
        "[ 7758.477019]  mount_bdev+0x207/0x410\n"
        "[ 7758.477031]  legacy_get_tree+0x116/0x5f0\n"
        "[ 7758.477039]  vfs_get_tree+0x1b4/0xa00\n"
        "[ 7758.477050]  path_mount+0x789/0xd30\n"
        "[ 7758.477110]  </TASK>\n"
        "[ 7758.477122] Modules linked in: xfs libcrc32c bonding tls intel_rapl_msr kvm_intel kvm "
        "irqbypass igb\n"
        "[ 7758.477130] ---[ end trace 0000000000000000 ]---"
    ),
    near_miss="[    0.000000] kasan: KernelAddressSanitizer initialized",
)
