"""arm and arm64: the kernel took an exception that it cannot handle."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="internal-error",
    title="Internal error in {function}",
    alt_titles=("bad-access in {function}",),
    title_without_function="Internal error in corrupted",
    class_="crash",
    severity="error",
    patterns=(
        Pattern(
            literal="Internal error: ",
            regex=(
                r"Internal error: (?P<what>[^\n]{0,80}?): "
                r"(?P<esr>[0-9a-f]+) \[#(?P<oops>\d+)\]"
            ),
            unprinted="printed by arm and arm64 only",
        ),
    ),
    fields=(
        Field("what", "str", "the exception, in the kernel's words"),
        Field("esr", "hex", "the syndrome register"),
        Field("oops", "int", "how many oopses this boot has had"),
    ),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    absorbs=(
        "oops",
        "synchronous-external-abort",
    ),
    printed_by=(
        "arch/arm64/kernel/traps.c:die",
        "arch/arm/kernel/traps.c:die",
    ),
    meaning=(
        "An exception was taken in kernel mode and none of the handlers could deal with it: "
        "a synchronous external abort (the bus or memory refused the access), an undefined "
        "instruction, an alignment fault, a pointer authentication or branch target failure. "
        "The words before the number name the class, the number is the syndrome (ESR) with "
        "the details."
    ),
    next_steps=(
        (
            "Decode the syndrome: bits 31..26 are the exception class, the low six bits of a "
            "data abort the fault status."
        ),
        (
            "For an external abort: which device register or memory was accessed, and was its "
            "clock or power domain off? `cat /sys/kernel/debug/clk/clk_summary`."
        ),
        "`scripts/faddr2line vmlinux <function+offset>` for the pc.",
    ),
    confused_with=(
        "page-fault: `Unable to handle kernel …` precedes and names the event.",
        "serror: the abort was asynchronous; the pc is not the culprit.",
    ),
    example=(
        "[ 5754.058429][    T1] Internal error: synchronous external abort: 0000000096000010 [#1] SMP\n"
        "[ 5754.058433][    T1] Modules linked in: snd_soc_fsl_sai imx_pcm_dma\n"
        "[ 5754.058452][    T1] CPU: 2 PID: 26602 Comm: modprobe Not tainted 6.1.0-28-arm64 #1  "
        "Debian 6.1.119-1\n"
        "[ 5754.058484][    T1] pc : regmap_mmio_read32le+0x554/0xa50\n"
        "[ 5754.058499][    T1] lr : regmap_mmio_read+0x98b/0xc40\n"
        "[ 5754.058511][    T1] Call trace:\n"
        "[ 5754.058528][    T1]  regmap_mmio_read32le+0x59a/0x650\n"
        "[ 5754.058535][    T1]  regmap_mmio_read+0x833/0x870\n"
        "[ 5754.058542][    T1]  _regmap_bus_reg_read+0x338/0x510\n"
        "[ 5754.058551][    T1]  _regmap_read+0xa73/0xd70\n"
        "[ 5754.058565][    T1]  regmap_read+0x30/0xda0\n"
        "[ 5754.058570][    T1]  fsl_sai_probe+0x2ba/0x870 [snd_soc_fsl_sai]\n"
        "[ 5754.058676][    T1] ---[ end trace 0000000000000000 ]---"
    ),
    near_miss="[  211.592905] nvme nvme0: Internal error: abort status",
)
