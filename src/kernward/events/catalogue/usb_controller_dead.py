"""A USB host controller stopped answering; all its devices are gone."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="usb-controller-dead",
    title="USB: {problem}",
    class_="hardware",
    severity="error",
    subsystem="usb",
    patterns=(
        Pattern(
            literal="HC died; cleaning up",
            regex=r"(?P<driver>\w+) (?P<device>[\w:.]+): (?P<problem>HC died)",
            printed=("HC died; cleaning up",),
        ),
        Pattern(
            literal="xHCI host controller not responding, assume dead",
            regex=(
                r"(?P<driver>xhci_hcd|\w+) (?P<device>[\w:.]+): (?P<problem>xHCI host controller not "
                "responding)"
            ),
            printed=("xHCI host controller not responding, assume dead",),
        ),
    ),
    fields=(
        Field("driver", "str", "driver of the controller"),
        Field("device", "str", "PCI address or name"),
        Field("problem", "str", "what was noticed"),
    ),
    key=("problem",),
    continues=(r"\w+ [\w:.]+: HC died; cleaning up",),
    reach=2,
    absorbs=("usb-controller-dead",),
    printed_by=(
        "drivers/usb/core/hcd.c:usb_hc_died",
        "drivers/usb/host/xhci-ring.c:xhci_hc_died",
    ),
    meaning=(
        "The controller did not complete a command, or its registers read as all ones, and the "
        "driver declared it dead. Every device on it is disconnected: disks, network adapters, "
        "the BMC's keyboard. It stays so until the driver is bound again or the machine restarts. "
        "Causes: firmware bugs after suspend, PCIe errors, a device that upsets the controller, "
        "surprise removal of a dock."
    ),
    next_steps=(
        "echo ADDRESS > /sys/bus/pci/drivers/xhci_hcd/unbind, then bind",
        "dmesg | grep -iE 'AER|PCIe|suspend' before it",
        "What was on it: disks with file systems are gone",
    ),
    confused_with=("usb-enumeration-failed: one device; the controller works",),
    example=(
        "[ 8110.300110] xhci_hcd 0000:00:14.0: xHCI host controller not responding, assume dead\n"
        "[ 8110.300140] xhci_hcd 0000:00:14.0: HC died; cleaning up"
    ),
    near_miss="[    1.300110] xhci_hcd 0000:00:14.0: xHCI Host Controller",
)
