"""The kernel accessed user memory directly, without the copy routines."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="user-memory-access",
    title="BUG: unable to handle kernel access to user memory in {function}",
    alt_titles=("bad-access in {function}",),
    title_without_function="BUG: unable to handle kernel access to user memory in corrupted",
    class_="crash",
    severity="error",
    patterns=(
        Pattern(
            literal="Unable to handle kernel access to user memory",
            regex=(
                r"Unable to handle kernel access to user memory (?:without uaccess routines|outside"
                r" uaccess routines) at virtual address (?P<address>[0-9a-f]+)"
            ),
            unprinted="printed by arm64 and riscv only",
        ),
        Pattern(
            literal="Kernel attempted to ",
            regex=(
                r"Kernel attempted to (?:read|write|access) user page \((?P<address>[0-9a-f]+)\) -"
                r" exploit attempt\? \(uid: (?P<uid>\d+)\)"
            ),
            unprinted="printed by powerpc only",
        ),
        Pattern(
            literal="BUG: unable to handle kernel access to user memory",
            regex=r"BUG: unable to handle kernel access to user memory",
            unprinted="not known to be printed by amd64",
        ),
    ),
    fields=(
        Field("address", "hex", "the user address that was accessed"),
        Field("uid", "int", "the user on whose behalf the kernel ran"),
    ),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    absorbs=(
        "kasan-range",
        "oops",
        "internal-error",
    ),
    printed_by=(
        "arch/arm64/mm/fault.c:do_page_fault",
        "arch/riscv/mm/fault.c:handle_page_fault",
    ),
    meaning=(
        "Kernel code dereferenced an address of user space outside copy_from_user() and its "
        "relatives. The hardware (PAN, SUM, KUAP) refuses this because user space controls "
        "what is there. Usually a driver uses a __user pointer directly, or a kernel pointer "
        "was overwritten with a small number."
    ),
    next_steps=(
        (
            "`scripts/faddr2line vmlinux <function+offset>` and look for a __user pointer; `make "
            "C=2` (sparse) finds most of them."
        ),
        ("If the pointer should be a kernel pointer, look for what overwrote it: KASAN, slub_debug."),
        "Note the uid and the program: this is also what an exploit attempt looks like.",
    ),
    confused_with=("page-fault: the address lies in the kernel's half.",),
    example=(
        "[ 4102.069172] Unable to handle kernel access to user memory without uaccess routines at "
        "virtual address 00000000000f4240\n"
        "[ 4102.069181] Oops [#1]\n"
        "[ 4102.069188] Modules linked in: vivid v4l2_dv_timings\n"
        "[ 4102.069202] CPU: 7 PID: 6203 Comm: v4l2-ctl Not tainted 6.1.55 #2\n"
        "[ 4102.069230] epc : vivid_vid_cap_s_parm+0x98b/0xa00 [vivid]\n"
        "[ 4102.069245]  ra : v4l_s_parm+0x13b/0x2a0 [videodev]\n"
        "[ 4102.069250] epc : ffffffff01b1a2c0 ra : ffffffff80a1b0c2 sp : ff20000000b3bc10\n"
        "[ 4102.069257] status: 0000000200000120 badaddr: 00000000000f4240 cause: 000000000000000d\n"
        "[ 4102.069274] [<ffffffff80f6d87f>] vivid_vid_cap_s_parm+0x56d/0x9a0 [vivid]\n"
        "[ 4102.069283] [<ffffffff8041fe38>] v4l_s_parm+0x8f/0xe0 [videodev]\n"
        "[ 4102.069302] [<ffffffff8050f424>] __video_do_ioctl+0xaf3/0xba0 [videodev]\n"
        "[ 4102.069318] [<ffffffff80bd6ea0>] video_usercopy+0x14/0x470 [videodev]\n"
        "[ 4102.069325] [<ffffffff80686ef2>] sys_ioctl+0x11/0xa0\n"
        "[ 4102.069343] [<ffffffff806be07f>] ret_from_syscall+0x4e7/0x580\n"
        "[ 4102.069359] ---[ end trace 0000000000000000 ]---"
    ),
    near_miss="[   72.619615] process 'app' accesses user memory without routines",
)
