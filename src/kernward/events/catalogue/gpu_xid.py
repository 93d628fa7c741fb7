"""NVIDIA's driver reported an error of the GPU."""

from kernward.events.kind import Field, Kind, Pattern
from kernward.events.reading import Reading

_MEANINGS = {
    13: "graphics engine exception",
    31: "GPU memory page fault",
    32: "invalid or corrupted push buffer stream",
    38: "driver firmware error",
    43: "GPU stopped processing",
    45: "preemptive clean-up after earlier errors",
    48: "double-bit ECC error",
    61: "internal microcontroller breakpoint or warning",
    62: "internal microcontroller halt",
    63: "memory page retired or row remapped",
    64: "failure to record a page retirement or row remapping",
    68: "video processor exception",
    69: "graphics engine class error",
    74: "NVLink error",
    79: "GPU fell off the bus",
    92: "high single-bit ECC error rate",
    94: "contained ECC error",
    95: "uncontained ECC error",
    119: "GSP firmware timeout",
    120: "GSP firmware error",
}


def read(reading: Reading) -> None:
    """The number in words, for those that NVIDIA documents and that operators meet."""
    reading.fields["meaning"] = _MEANINGS.get(reading.fields.get("xid") or 0)


KIND = Kind(
    id="gpu-xid",
    title="NVIDIA Xid {xid}",
    class_="hardware",
    severity="error",
    subsystem="nvidia",
    patterns=(
        Pattern(
            literal="NVRM: Xid (",
            regex=(
                r"NVRM: Xid \((?:PCI:)?(?P<device>[0-9a-f:.]{5,20})\): (?P<xid>\d+)(?:, pid='?"
                r"(?P<pid><unknown>|\d+)'?)?(?:, name=(?P<comm>[^,]{0,64}))?(?:, (?P<detail>.{0,400}))?"
            ),
            unprinted="printed by NVIDIA's own module, which is not part of the kernel",
        ),
    ),
    fields=(
        Field("device", "str", "PCI address of the GPU"),
        Field("xid", "int", "error number"),
        Field("meaning", "str", "what that number stands for"),
        Field("pid", "int", "process that used the GPU"),
        Field("comm", "str", "its name"),
        Field("detail", "str", "the driver's text"),
    ),
    key=("xid",),
    read=read,
    printed_by=("NVIDIA driver",),
    meaning=(
        "The driver of an NVIDIA GPU met an error and numbers it. Some are the program's (13, 31, 43, 45), "
        "some the memory's (48, 63, 64, 92, 94, 95), some the link's (74, 79, 62, 119): 79 means that the "
        "GPU does not answer on PCIe any more. Programs on the GPU die or hang; for the second and third "
        "class the GPU or the host has to be reset."
    ),
    next_steps=(
        "Look the number up in NVIDIA's Xid catalogue; `nvidia-smi -q -d ECC,PAGE_RETIREMENT,ROW_REMAPPER`.",
        "For 79 and 74 read the PCIe errors of the port above: `lspci -vvs`, AER events here.",
        (
            "Take the GPU out of scheduling until `nvidia-smi --gpu-reset` or a power cycle brought it back "
            "clean."
        ),
    ),
    confused_with=(
        "gpu-hang: the kernel's own graphics drivers",
        "pcie-aer-uncorrected: the link's error, which often comes with Xid 79",
    ),
    example="""\
[90021.330001] NVRM: Xid (PCI:0000:3b:00): 79, pid='<unknown>', name=<unknown>, GPU has fallen off the bus.""",
    near_miss="""\
[    9.330001] NVRM: loading NVIDIA UNIX x86_64 Kernel Module  535.129.03  Thu Oct 19 18:56:32 UTC 2023""",
)
