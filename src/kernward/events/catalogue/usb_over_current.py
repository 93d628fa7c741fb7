"""A USB port or hub reports that too much current flows."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="usb-over-current",
    title="USB: over-current condition",
    class_="hardware",
    severity="warning",
    subsystem="usb",
    patterns=(
        Pattern(
            literal=": over-current condition",
            regex=r"(?:usb|hub) (?P<device>\S+): over-current condition",
            printed=("over-current condition",),
        ),
    ),
    fields=(Field("device", "str", "port or hub"),),
    printed_by=(
        "drivers/usb/core/hub.c:port_event",
        "drivers/usb/core/hub.c:hub_event",
    ),
    meaning=(
        "The power switch of the port cut the current: a short circuit, a defective device, or "
        "one that draws more than the port gives. The port is switched on again and the message "
        "returns while the cause remains. On boards without a device at that port it is a "
        "floating input and harmless, but it costs CPU when it repeats."
    ),
    next_steps=(
        "Which port, and what is plugged in: lsusb -t",
        "Unplug or replace the device; a hub with its own supply",
        "Without a device: firmware update, or disable the port",
    ),
    confused_with=("usb-enumeration-failed: the device has power but does not answer",),
    example="[  220.100110] usb usb1-port3: over-current condition",
    near_miss="[  220.100110] usb usb1-port3: over-current change #3",
)
