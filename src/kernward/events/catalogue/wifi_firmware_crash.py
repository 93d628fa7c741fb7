"""A wireless adapter's firmware crashed and is restarted."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="wifi-firmware-crash",
    title="{driver}: firmware crashed",
    class_="network",
    severity="error",
    subsystem="wireless",
    patterns=(
        Pattern(
            literal="Microcode SW error detected",
            regex=(
                r"(?P<driver>iwlwifi) (?P<bus_id>[\w:.-]+): Microcode SW error detected\.\s+Restarting "
                "(?P<code>0x[0-9A-Fa-f]+)"
            ),
            printed=("Microcode SW error detected. Restarting 0x%X.",),
        ),
        Pattern(
            literal="firmware crashed! (guid ",
            regex=(
                r"(?P<driver>ath1[0-2]k\w*) (?P<bus_id>[\w:.-]+): firmware crashed! \(guid "
                r"(?P<guid>[^)]+)\)"
            ),
            printed=("firmware crashed! (guid %s)",),
        ),
        Pattern(
            literal="firmware crashed: MHI_CB_",
            regex=r"(?P<driver>ath1[12]k\w*) (?P<bus_id>[\w:.-]+): firmware crashed: (?P<reason>MHI_CB_\w+)",
            printed=("firmware crashed: MHI_CB_SYS_ERROR",),
        ),
    ),
    fields=(
        Field("driver", "str", "driver of the adapter"),
        Field("bus_id", "str", "PCI address"),
        Field("code", "hex", "interrupt bits"),
        Field("guid", "str", "id of the crash dump"),
        Field("reason", "str", "how it was noticed"),
    ),
    key=("driver",),
    printed_by=(
        "drivers/net/wireless/intel/iwlwifi/pcie/rx.c:iwl_pcie_irq_handler",
        "drivers/net/wireless/ath/ath10k/pci.c:ath10k_pci_fw_dump_work",
        "drivers/net/wireless/ath/ath11k/mhi.c:ath11k_mhi_op_status_cb",
    ),
    meaning=(
        "The firmware of the wireless adapter asserted. The driver dumps its state, restarts it "
        "and connects again; connections stall for a second or two. It is a bug of the firmware "
        "or of the driver that feeds it, often tied to one access point, power saving or "
        "Bluetooth coexistence."
    ),
    next_steps=(
        "The lines after it: iwlwifi's ADVANCED_SYSASSERT and the firmware version",
        (
            "Newer firmware (linux-firmware) for that device; cat /sys/kernel/debug/iwlwifi/*/fw_dbg* "
            "or devcoredump"
        ),
        "iw dev wlan0 set power_save off as an experiment",
    ),
    confused_with=("nic-firmware-error: the same for wired adapters",),
    example="[ 2011.100410] iwlwifi 0000:00:14.3: Microcode SW error detected. Restarting 0x0.",
    near_miss=(
        "[    8.100410] iwlwifi 0000:00:14.3: loaded firmware version 72.daa05125.0 "
        "so-a0-gf-a0-72.ucode op_mode iwlmvm"
    ),
)
