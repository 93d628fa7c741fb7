"""A USB port drew more current than it may."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="usb-over-current",
    title="USB over-current condition",
    class_="hardware",
    severity="warning",
    subsystem="USB",
    patterns=(
        Pattern(
            literal="over-current condition",
            regex=r"(?:usb|hub) (?P<port>[\w.:-]{1,60}): over-current condition$",
        ),
    ),
    fields=(Field("port", "str", "the port or hub"),),
    printed_by=(
        "drivers/usb/core/hub.c:port_event",
        "drivers/usb/core/hub.c:hub_event",
    ),
    meaning=(
        "The hub switched a port off because too much current flowed: a device with a short circuit, a "
        "damaged socket, or sensing that is not wired on this board. A port that flaps like this keeps a "
        "kernel thread busy."
    ),
    next_steps=(
        "Unplug what is on the port; if the line goes on without a device, it is the socket or the board.",
        (
            "`lsusb -t` finds the port; `echo 1 > /sys/bus/usb/devices/PORT/disable` silences it on newer "
            "kernels."
        ),
    ),
    confused_with=("pcie-power-fault: the same for a PCIe slot",),
    example="[  931.440001] usb usb1-port3: over-current condition",
    near_miss="[    1.440001] hub 1-0:1.0: individual port over-current protection",
)
