"""arm and arm64: the bus or memory refused an access and said so at once."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="synchronous-external-abort",
    title="synchronous external abort in {function}",
    title_without_function="synchronous external abort in corrupted",
    class_="crash",
    severity="error",
    patterns=(
        Pattern(
            literal="synchronous external abort",
            regex=(
                r"Synchronous External Abort: (?P<what>[^\n]{0,80}?) \(0x(?P<esr>[0-9a-f]+)\) at 0x"
                r"(?P<address>[0-9a-f]+)"
            ),
            unprinted="printed by arm64 only",
        ),
        Pattern(
            literal="Unhandled fault: synchronous",
            regex=(
                r"Unhandled fault: synchronous (?P<what>[^\n]{0,80}?) \(0x(?P<esr>[0-9a-f]+)\) at 0x"
                r"(?P<address>[0-9a-f]+)"
            ),
            unprinted="printed by arm64 only",
        ),
    ),
    fields=(
        Field("what", "str", "the fault status in words"),
        Field("esr", "hex", "the syndrome register"),
        Field("address", "hex", "the address that was accessed"),
    ),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    absorbs=(
        "internal-error",
        "oops",
    ),
    printed_by=("arch/arm64/mm/fault.c:do_sea",),
    meaning=(
        "An access left the CPU and the interconnect answered with an error: nothing lives "
        "at that physical address, the device was off, or memory had an uncorrectable error. "
        "It is reported synchronously, so the instruction is the culprit."
    ),
    next_steps=(
        "Find which device or memory range the address belongs to: `/proc/iomem`.",
        ("Check that the device's clocks, resets and power domain were on when it was accessed."),
        "Look for EDAC or GHES reports near by: memory errors arrive this way too.",
    ),
    confused_with=("serror: asynchronous; the instruction shown is not the culprit.",),
    example=(
        "[ 7153.009676] Unhandled fault: synchronous external abort (0x96000210) at "
        "0xffff00000d6a0000\n"
        "[ 7153.009680] Internal error: : 96000210 [#1] SMP\n"
        "[ 7153.009692] Modules linked in: bcm2835_v4l2(C)\n"
        "[ 7153.009700] CPU: 3 PID: 14601 Comm: devmem Tainted: G         C     4.19.0-26-arm64 #1 "
        "SMP Debian 4.19.304-1\n"
        "[ 7153.009723] pc : bcm2835_codec_read+0x8f/0x4c0 [bcm2835_v4l2]\n"
        "[ 7153.009738] lr : bcm2835_codec_read+0x7b/0xb0 [bcm2835_v4l2]\n"
        "[ 7153.009753] Call trace:\n"
        "[ 7153.009770]  bcm2835_codec_read+0x3a0/0x3d0 [bcm2835_v4l2]\n"
        "[ 7153.009787]  vfs_read+0x87/0x230\n"
        "[ 7153.009804]  ksys_read+0x448/0x470\n"
        "[ 7153.009816]  __arm64_sys_read+0x473/0x5e0\n"
        "[ 7153.009835]  el0_svc_common+0x2f8/0x660\n"
        "[ 7153.009843]  el0_svc_handler+0x9f/0x4d0\n"
        "[ 7153.009861] ---[ end trace 0000000000000000 ]---"
    ),
    near_miss="[    4.496440] pcieport 0000:00:01.0: synchronous external abort handling enabled",
)
