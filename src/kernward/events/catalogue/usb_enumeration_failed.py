"""A USB device was plugged in, or reset, and does not answer the first questions."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="usb-enumeration-failed",
    title="USB: {problem}",
    class_="hardware",
    severity="error",
    subsystem="usb",
    patterns=(
        Pattern(
            literal="device descriptor read/",
            regex=r"usb (?P<device>[\d.-]+): (?P<problem>device descriptor read)/\w+, error (?P<error>-?\d+)",
            printed=("device descriptor read/64, error %d",),
        ),
        Pattern(
            literal="device not accepting address ",
            regex=(
                r"usb (?P<device>[\d.-]+): (?P<problem>device not accepting address) (?P<address>\d+), "
                r"error (?P<error>-?\d+)"
            ),
            printed=("device not accepting address %d, error %d",),
        ),
        Pattern(
            literal="unable to enumerate USB device",
            regex=r"usb (?P<device>[\w.-]+): (?P<problem>unable to enumerate USB device)",
            printed=("unable to enumerate USB device",),
        ),
        Pattern(
            literal="Cannot enable. Maybe the USB cable is bad?",
            regex=r"usb (?P<device>\S+): (?P<problem>Cannot enable)\. Maybe the USB cable is bad\?",
            printed=("Cannot enable. Maybe the USB cable is bad?",),
        ),
    ),
    fields=(
        Field("device", "str", "bus and port path (1-4.2), or the port"),
        Field("problem", "str", "what failed"),
        Field("address", "int", "address it was to take"),
        Field("error", "int", "errno, negative: -71 protocol, -110 timeout, -32 stall"),
    ),
    key=("problem",),
    continues=(
        (
            r"usb [\w.-]+: (?:device descriptor read|device not accepting|unable to enumerate|attempt "
            "power cycle)"
        ),
    ),
    reach=6,
    absorbs=("usb-enumeration-failed",),
    printed_by=(
        "drivers/usb/core/hub.c:hub_port_init",
        "drivers/usb/core/hub.c:hub_port_connect",
    ),
    meaning=(
        "The port sees a device but cannot read its descriptor or give it an address; after a few "
        "tries the port is left alone. Error -71 and -110 are the electrical layer: cable, "
        "contact, power, or a device that crashed. In servers it is often the BMC's virtual "
        "keyboard or media that hangs, or an internal SD card reader."
    ),
    next_steps=(
        "lsusb -t and the port path: which device it should be",
        "Power cycle the port: authorized or uhubctl; for a BMC's virtual devices reset the BMC",
        "Another cable, port, without a hub; dmesg for over-current",
    ),
    confused_with=(
        "usb-over-current: the port's power was cut",
        "usb-controller-dead: the whole controller",
    ),
    example=(
        "[  702.100110] usb 1-4: device descriptor read/64, error -71\n"
        "[  703.100110] usb 1-4: device not accepting address 9, error -71\n"
        "[  703.200110] usb usb1-port4: unable to enumerate USB device"
    ),
    near_miss="[  702.100110] usb 1-4: new high-speed USB device number 9 using xhci_hcd",
)
