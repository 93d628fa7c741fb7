"""vmalloc() was asked for zero bytes."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="warning-zero-size-vmalloc",
    title="WARNING: zero-size vmalloc in {function}",
    title_without_function="WARNING: zero-size vmalloc in corrupted",
    class_="crash",
    severity="warning",
    patterns=(
        Pattern(
            literal="mm/vmalloc.c:",
            regex=(
                r"WARNING: (?:CPU: (?P<cpu>\d+) PID: (?P<pid>\d+) at |at )?[\w./-]*mm/vmalloc\.c:"
                r"(?P<at_line>\d+)(?: at)? (?P<at_function>_{0,2}vmalloc_(?:area_)?node\w*)"
            ),
            printed=("mm/vmalloc.c",),
        ),
    ),
    fields=(
        Field("cpu", "int", "the CPU that printed it"),
        Field("pid", "int", "the task that ran"),
        Field("at_line", "int", "line of the check"),
        Field("at_function", "str", "the function that holds the check"),
    ),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    printed_by=("mm/vmalloc.c:__vmalloc_node_range",),
    meaning=(
        "A caller of vmalloc() passed a size of zero, usually the product of a count from "
        "user space or a device. The call returns NULL. If the caller takes NULL for "
        "success, a NULL dereference follows."
    ),
    next_steps=(
        "Look at the guilty frame: which count is zero and where it comes from.",
        (
            "`scripts/faddr2line vmlinux <function+offset>` for the guilty frame; read the "
            "condition at the printed file and line."
        ),
    ),
    confused_with=("warning-kmalloc: the size was too large.",),
    example=(
        "[ 4361.986424] ------------[ cut here ]------------\n"
        "[ 4361.986438] WARNING: CPU: 1 PID: 24557 at mm/vmalloc.c:3132 "
        "__vmalloc_node_range+0x44c/0x584\n"
        "[ 4361.986452] Modules linked in: xfs libcrc32c bonding tls intel_rapl_msr kvm_intel kvm "
        "irqbypass igb\n"
        "[ 4361.986465] CPU: 1 PID: 24557 Comm: dvbv5-scan Not tainted 6.1.0-28-amd64 #1  Debian "
        "6.1.119-1\n"
        "[ 4361.986495] RIP: 0010:__vmalloc_node_range+0x44c/0x584\n"
        "[ 4361.986602] Call Trace:\n"
        "[ 4361.986619]  <TASK>\n"
        "[ 4361.986627]  vmalloc+0x392/0x3a0\n"
        "[ 4361.986633]  dvb_dmxdev_init+0x24d/0x5f0 [dvb_core]\n"
        "[ 4361.986640]  dvb_usb_adapter_dvb_init+0x491/0x6d0 [dvb_usb]\n"
        "[ 4361.986647]  dvb_usb_device_init+0x137/0xdc0 [dvb_usb]\n"
        "[ 4361.986663]  usb_probe_interface+0x30b/0xc60\n"
        "[ 4361.986674]  really_probe+0x19e/0x8a0\n"
        "[ 4361.986768]  </TASK>\n"
        "[ 4361.986785] ---[ end trace 0000000000000000 ]---"
    ),
    near_miss="[   71.553012] vmalloc: allocation of 0 bytes from mm/vmalloc.c",
)
