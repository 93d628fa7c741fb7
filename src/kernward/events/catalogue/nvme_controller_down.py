"""An NVMe controller reports a fatal state, or does not answer at all, and will be reset."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="nvme-controller-down",
    title="nvme: controller is down",
    class_="storage",
    severity="error",
    subsystem="nvme",
    patterns=(
        Pattern(
            literal="controller is down; will reset: CSTS=0x",
            regex=(
                r"nvme (?P<device>\S+): controller is down; will reset: CSTS=0x(?P<csts>[0-9a-f]+), "
                r"PCI_STATUS(?:=0x(?P<pci_status>[0-9a-f]+)| read failed \((?P<error>-?\d+)\))"
            ),
            printed=(
                "controller is down; will reset: CSTS=0x%x, PCI_STATUS=0x%hx",
                "controller is down; will reset: CSTS=0x%x, PCI_STATUS read failed (%d)",
            ),
        ),
        # The last release with these words is not known exactly.
        Pattern(
            literal="Failed status: 0x",
            regex=r"nvme (?P<device>\S+): Failed status: 0x(?P<csts>[0-9a-f]+), reset controller",
            until="4.8",
        ),
    ),
    fields=(
        Field("device", "str", "controller (nvme0)"),
        Field(
            "csts",
            "hex",
            (
                "controller status register; 0xffffffff: nothing answers on the bus; bit 1: controller "
                "fatal status"
            ),
        ),
        Field("pci_status", "hex", "PCI status register; 0xffff: the device is gone"),
        Field("error", "int", "why the PCI status could not be read"),
    ),
    continues=(
        r"nvme \S+: Does your device have a faulty power saving mode enabled\?",
        r'nvme \S+: Try "nvme_core\.default_ps_max_latency_us=0',
    ),
    reach=3,
    printed_by=("drivers/nvme/host/pci.c:nvme_warn_reset",),
    meaning=(
        "When a command timed out the driver looked at the controller's status and found it "
        "failed, or found all ones: the device does not answer on PCIe at all. It will be reset; "
        "if that does not bring it back the controller is removed and its namespaces vanish under "
        "the file systems. CSTS=0xffffffff with PCI_STATUS=0xffff means that the device fell off "
        "the bus: power, link, a deep power state, surprise removal. CSTS=0x3 is the controller's "
        "own report of a fatal error: firmware."
    ),
    next_steps=(
        (
            "Does 'reset' succeed: look for the queue count line, or for 'Disabling device' / "
            "'Removing after probe failure'"
        ),
        "lspci -vvs ADDRESS: does it answer; dmesg | grep -iE 'AER|pciehp|DPC'",
        (
            "As the kernel suggests: nvme_core.default_ps_max_latency_us=0 pcie_aspm=off on one "
            "machine as an experiment"
        ),
        "Firmware revision and the vendor's fix list; the platform's power and temperature logs",
    ),
    confused_with=(
        "nvme-timeout: one command is late; the controller may be well",
        "nvme-controller-removed: the reset failed; the disk is gone",
    ),
    example=(
        "[20486.100221] nvme nvme0: controller is down; will reset: CSTS=0xffffffff, PCI_STATUS=0x10\n"
        "[20486.100226] nvme nvme0: Does your device have a faulty power saving mode enabled?\n"
        '[20486.100228] nvme nvme0: Try "nvme_core.default_ps_max_latency_us=0 pcie_aspm=off '
        'pcie_port_pm=off" and report a bug'
    ),
    near_miss="[20486.100221] nvme nvme0: resetting controller",
)
