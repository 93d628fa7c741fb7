"""arm: a misaligned access in the kernel that could not be fixed up."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="alignment-trap",
    title="Alignment trap in {function}",
    title_without_function="Alignment trap in corrupted",
    class_="crash",
    severity="error",
    patterns=(
        Pattern(
            literal="Alignment trap: not handling instruction",
            regex=(
                r"Alignment trap: not handling instruction (?P<instruction>[0-9a-f]+) at \[<"
                r"(?P<pc>[0-9a-f]+)>\]"
            ),
            unprinted="printed by 32-bit arm only",
        ),
        Pattern(
            literal="Unhandled fault: alignment exception",
            regex=(
                r"Unhandled fault: alignment exception \(0x(?P<fsr>[0-9a-f]+)\) at (?:0x)?"
                r"(?P<address>[0-9a-f]+)"
            ),
            unprinted="printed by 32-bit arm only",
        ),
    ),
    fields=(
        Field("instruction", "hex", "the instruction's code"),
        Field("pc", "hex", "its address"),
        Field("fsr", "hex", "the fault status register"),
        Field("address", "hex", "the misaligned address"),
    ),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    absorbs=(
        "internal-error",
        "oops",
        "alignment-trap",
        "unhandled-fault",
    ),
    printed_by=("arch/arm/mm/alignment.c:do_alignment",),
    meaning=(
        "An instruction that needs an aligned address (ldrex, ldrd, ldm, vector loads) got a "
        "misaligned one, and the kernel has no emulation for it. The pointer comes from a "
        "packed structure or a network header that was cast, or it is garbage."
    ),
    next_steps=(
        (
            "`scripts/faddr2line vmlinux <function+offset>` for the PC; look for a cast of a "
            "packed or wire format to an aligned type."
        ),
        "Use get_unaligned()/put_unaligned() there; upstream may have done so.",
    ),
    confused_with=("unhandled-fault: another fault status.",),
    example=(
        "[ 8919.936873] Alignment trap: not handling instruction e1932f9f at [<c058bd58>]\n"
        "[ 8919.936882] 8<--- cut here ---\n"
        "[ 8919.936897] Unhandled fault: alignment exception (0x001) at 0x00000a53\n"
        "[ 8919.936910] Internal error: : 1 [#1] SMP ARM\n"
        "[ 8919.936923] Modules linked in: cpsw\n"
        "[ 8919.936937] CPU: 7 PID: 15901 Comm: ping Not tainted 5.10.0-32-armmp #1 SMP Debian "
        "5.10.223-1\n"
        "[ 8919.936950] PC is at cpsw_tx_handler+0x4b7/0x940 [cpsw]\n"
        "[ 8919.936957] LR is at cpdma_chan_process+0x5c0/0xa30 [cpsw]\n"
        "[ 8919.936968] pc : [<c058bd58>]    lr : [<c0389d1c>]    psr: 60000013\n"
        "[ 8919.936979] [<bf04dbf6>] (cpsw_tx_handler [cpsw]) from [<bf022eed>] "
        "(__cpdma_chan_process+0x5a/0x120 [cpsw])\n"
        "[ 8919.936985] [<bf0a5b19>] (__cpdma_chan_process [cpsw]) from [<bf064c74>] "
        "(cpsw_tx_mq_poll+0x22c/0x430 [cpsw])\n"
        "[ 8919.936999] [<bf034c7a>] (cpsw_tx_mq_poll [cpsw]) from [<bf04e9f5>] "
        "(net_rx_action+0x2c4/0xc60 [cpsw])\n"
        "[ 8919.937014] [<bf0597ec>] (net_rx_action [cpsw]) from [<bf01c2ae>] "
        "(__do_softirq+0x2d5/0x400 [cpsw])\n"
        "[ 8919.937020] [<bf0a61f7>] (__do_softirq [cpsw]) from [<bf0fd0ab>] (irq_exit+0x3ad/0xa70 "
        "[cpsw])\n"
        "[ 8919.937034] ---[ end trace 0000000000000000 ]---"
    ),
    near_miss="[    0.180000] Alignment trap: enabled",
)
