"""The kernel could not bring a PCIe device back after an error."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="pcie-recovery-failed",
    title="PCIe error recovery failed",
    class_="hardware",
    severity="error",
    subsystem="PCI/AER",
    patterns=(
        Pattern(
            literal="device recovery failed",
            regex=(
                r"(?P<driver>[\w.:-]{1,40}) (?P<device>[0-9a-f:.]{7,20}): (?:AER: |DPC: )?device recovery"
                r" failed"
            ),
        ),
        # The driver of a device below does not take part in error recovery.
        Pattern(
            literal="can't recover (no error_detected callback)",
            regex=(
                r"(?P<driver>[\w.:-]{1,40}) (?P<device>[0-9a-f:.]{7,20}): (?:AER: )?can't recover \(no"
                r" error_detected callback\)"
            ),
            printed=("can't recover (no error_detected callback)",),
        ),
        Pattern(
            literal="subordinate device reset failed",
            regex=(
                r"(?P<driver>[\w.:-]{1,40}) (?P<device>[0-9a-f:.]{7,20}): (?:AER: )?subordinate device"
                r" reset failed"
            ),
        ),
    ),
    fields=(
        Field("driver", "str", "driver of the device or port that says so first"),
        Field("device", "str", "its PCI address"),
    ),
    continues=(
        (
            r"[\w.:-]{1,40} [0-9a-f:.]{7,20}: (?:AER: |DPC: )?(?:device recovery failed|can't recover"
            r" |subordinate device reset failed|\w+ Port link has been reset|Data Link Layer Link Active)"
        ),
    ),
    reach=8,
    absorbs=("pcie-recovery-failed",),
    printed_by=(
        "drivers/pci/pcie/err.c:pcie_do_recovery",
        "drivers/pci/pcie/err.c:report_error_detected",
    ),
    meaning=(
        "After an uncorrected error the drivers below the port were asked whether their device can go on, "
        "and one could not, or has no code for it, or the reset did not help. The devices stay in an "
        "undefined state until they are removed or the machine restarts."
    ),
    next_steps=(
        "Find the device and its driver; look for its own messages around this line.",
        (
            "Try `echo 1 > /sys/bus/pci/devices/DEVICE/remove; echo 1 > /sys/bus/pci/rescan`, once its "
            "users are gone."
        ),
        "Plan a cold restart; a warm one does not always reset the device.",
    ),
    confused_with=(
        "pcie-aer-uncorrected: the error that led here",
        "pcie-dpc: the containment, which may recover",
    ),
    example="[22032.100201] pcieport 0000:3a:00.0: AER: device recovery failed",
    near_miss="[22032.100201] pcieport 0000:3a:00.0: AER: device recovery successful",
)
