"""The kernel accessed an address that is not mapped, or not mapped for that access."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="page-fault",
    title="BUG: unable to handle kernel paging request in {function}",
    alt_titles=("bad-access in {function}",),
    title_without_function="BUG: unable to handle kernel paging request in corrupted",
    class_="crash",
    severity="error",
    patterns=(
        # x86.
        Pattern(
            literal="BUG: unable to handle page fault for address",
            regex=r"BUG: unable to handle page fault for address: (?P<address>[0-9a-f]+)",
            since="5.2",
        ),
        # x86 until 5.1.
        Pattern(
            literal="BUG: unable to handle kernel paging request",
            regex=(
                r"BUG: unable to handle kernel paging request at (?:virtual address )?"
                r"(?P<address>[0-9a-f]+)"
            ),
            until="5.1",
            unprinted="the wording was changed before 6.1",
        ),
        # arm, arm64, riscv, mips, loongarch; older powerpc.
        Pattern(
            literal="Unable to handle kernel paging request",
            regex=(
                r"(?:CPU \d+ )?Unable to handle kernel paging request (?:at virtual address |for "
                r"(?:data|instruction fetch|unknown fault)(?: at address 0x)?)?(?P<address>[0-9a-f]+)?"
            ),
            unprinted="printed by another architecture than amd64",
        ),
        # arm64.
        Pattern(
            literal="Unable to handle kernel execut",
            regex=(
                r"Unable to handle kernel execut(?:e from non-executable memory|ion of (?:user"
                r" )?memory) at virtual address (?P<address>[0-9a-f]+)"
            ),
            unprinted="printed by another architecture than amd64",
        ),
        # arm64.
        Pattern(
            literal="Unable to handle kernel write to read-only memory",
            regex=(
                r"Unable to handle kernel write to read-only memory at virtual address "
                r"(?P<address>[0-9a-f]+)"
            ),
            unprinted="printed by another architecture than amd64",
        ),
        # arm64.
        Pattern(
            literal="Unable to handle kernel read from unreadable memory",
            regex=(
                r"Unable to handle kernel read from unreadable memory at virtual address "
                r"(?P<address>[0-9a-f]+)"
            ),
            unprinted="printed by another architecture than amd64",
        ),
        # arm64: faults that have a name but no handler.
        Pattern(
            literal="Unable to handle kernel ",
            regex=(
                r"Unable to handle kernel (?:alignment fault|unknown \d+|level -?\d [\w ]{3,40}|"
                r"TLB conflict abort|synchronous [\w ]{3,40}) at virtual address (?P<address>[0-9a-f]+)"
            ),
            unprinted="printed by another architecture than amd64",
        ),
        Pattern(
            literal="BUG: Unable to handle unknown paging fault",
            regex=r"BUG: Unable to handle unknown paging fault at 0x(?P<address>[0-9a-f]+)",
            unprinted="printed by powerpc only",
        ),
        # powerpc.
        Pattern(
            literal="BUG: Unable to handle kernel",
            regex=(
                r"BUG: Unable to handle kernel (?:data access|instruction fetch|unaligned"
                r" access|unknown fault)(?: on (?:read|write))?(?: at (?:0x)?(?P<address>[0-9a-f]+))?"
            ),
            unprinted="printed by another architecture than amd64",
        ),
    ),
    fields=(Field("address", "hex", "the address that was accessed"),),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    absorbs=(
        "kasan-range",
        "oops",
        "nx-exec",
        "internal-error",
    ),
    printed_by=(
        "arch/x86/mm/fault.c:show_fault_oops",
        "arch/arm64/mm/fault.c:die_kernel_fault",
        "arch/powerpc/mm/fault.c:bad_page_fault",
    ),
    meaning=(
        "The kernel touched an address that no page table maps, or in a way its mapping "
        "forbids. The pointer was garbage: freed and reused, uninitialised, overwritten, or "
        "run past the end of an array. The task was killed; memory near by may be damaged "
        "too, so later reports of the same boot are suspect. On x86 the #PF lines say "
        "whether it was a read, a write or an instruction fetch, and the Oops code why it "
        "was refused."
    ),
    next_steps=(
        (
            "Look at the address: ASCII in it means overwritten by data, 6b6b… freed (SLUB "
            "poison), dead… a poisoned list pointer, ffff… just past a mapping an overrun."
        ),
        (
            "`scripts/faddr2line vmlinux <function+offset>` for the guilty frame; "
            "`scripts/decodecode < oops` shows the register used."
        ),
        (
            "Boot once with `slub_debug=FZP`, or better a KASAN kernel, and repeat: the first "
            "bad access is usually earlier than this one."
        ),
        (
            "Check for machine checks and EDAC errors in the same log before blaming software "
            "for a single bit difference."
        ),
    ),
    confused_with=(
        "null-pointer-dereference: the address is below one page.",
        ("user-memory-access: the address belongs to user space and was accessed without the copy routines."),
        "kasan: names the bad access itself, with who allocated and freed the memory.",
    ),
    example=(
        "[ 6381.726573] BUG: unable to handle page fault for address: ffffc90012a1f000\n"
        "[ 6381.726589] #PF: supervisor write access in kernel mode\n"
        "[ 6381.726598] #PF: error_code(0x0002) - not-present page\n"
        "[ 6381.726627] Oops: 0002 [#1] PREEMPT SMP NOPTI\n"
        "[ 6381.726639] CPU: 0 PID: 16589 Comm: kworker/3:1 Not tainted 6.1.0-28-amd64 #1  Debian "
        "6.1.119-1\n"
        "[ 6381.726662] Workqueue: events drm_fb_helper_damage_work [drm_kms_helper]\n"
        "[ 6381.726668] RIP: 0010:memcpy_erms+0x31e/0x350\n"
        "[ 6381.726765] Call Trace:\n"
        "[ 6381.726784]  <TASK>\n"
        "[ 6381.726793]  drm_fb_helper_damage_blit_real.constprop.0+0xb74/0xd00 [drm_kms_helper]\n"
        "[ 6381.726796]  drm_fbdev_fb_dirty+0x14/0xd0 [drm_kms_helper]\n"
        "[ 6381.726807]  drm_fb_helper_damage_work+0x9b6/0xbd0 [drm_kms_helper]\n"
        "[ 6381.726812]  process_one_work+0x1ce/0x230\n"
        "[ 6381.726819]  worker_thread+0x4fa/0x6d0\n"
        "[ 6381.726823]  kthread+0x233/0x480\n"
        "[ 6381.726844]  </TASK>\n"
        "[ 6381.726861] Modules linked in: ast drm_vram_helper drm_kms_helper drm\n"
        "[ 6381.726865] ---[ end trace 0000000000000000 ]---"
    ),
    near_miss=("[  310.000120] traps: app[411] general protection fault ip:55d0c1a0 sp:7ffe error:0 in app"),
)
