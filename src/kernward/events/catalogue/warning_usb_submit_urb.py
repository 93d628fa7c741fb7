"""A USB driver submitted a transfer that the USB core refuses."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern
from kernward.events.reading import Reading


def read(reading: Reading) -> None:
    """The core's helpers submit for a driver, which is to blame."""
    reading.machinery.append(
        (r"usb_(?:submit_urb|start_wait_urb|bulk_msg|interrupt_msg|control_msg\w*)", "submits for its caller")
    )


KIND = Kind(
    id="warning-usb-submit-urb",
    title="WARNING in {function}/usb_submit_urb",
    title_without_function="WARNING in corrupted/usb_submit_urb",
    class_="crash",
    severity="warning",
    subsystem="usb",
    patterns=(
        Pattern(
            literal=" usb_submit_urb",
            regex=(
                r"WARNING: (?:CPU: (?P<cpu>\d+) PID: (?P<pid>\d+) at |at"
                r" )?[\w./-]*drivers/usb/core/urb\.c:(?P<at_line>\d+)(?: at)? usb_submit_urb"
            ),
            printed=("usb_submit_urb",),
        ),
    ),
    fields=(
        Field("cpu", "int", "the CPU that printed it"),
        Field("pid", "int", "the task that ran"),
        Field("at_line", "int", "line of the check"),
    ),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    read=read,
    printed_by=("drivers/usb/core/urb.c:usb_submit_urb",),
    meaning=(
        "usb_submit_urb() got a transfer that does not fit the endpoint, is already active, "
        "or has a bad type. The driver trusted the device's descriptors without checking "
        "them, or submits the same URB twice. The calling driver, named first in the title, "
        "is the one to fix."
    ),
    next_steps=(
        (
            "The line before the header says what is wrong (`BOGUS urb xfer, pipe 1 != type 3`, "
            "`URB … submitted while active`)."
        ),
        ("In the driver's probe, check endpoint types with usb_check_bulk_endpoints() and its relatives."),
        "`lsusb -v` shows the device's descriptors.",
    ),
    confused_with=("warning: any other WARN.",),
    example=(
        "[ 8983.964654] ------------[ cut here ]------------\n"
        "[ 8983.964659] WARNING: CPU: 5 PID: 13661 at drivers/usb/core/urb.c:504 "
        "usb_submit_urb+0xe4d/0x1880 [usbcore]\n"
        "[ 8983.964666] Modules linked in: xfs libcrc32c bonding tls intel_rapl_msr kvm_intel kvm "
        "irqbypass igb\n"
        "[ 8983.964681] CPU: 5 PID: 13661 Comm: mtp-probe Not tainted 6.1.0-28-amd64 #1  Debian "
        "6.1.119-1\n"
        "[ 8983.964706] RIP: 0010:usb_submit_urb+0xe4d/0x1880 [usbcore]\n"
        "[ 8983.964836] Call Trace:\n"
        "[ 8983.964843]  <TASK>\n"
        "[ 8983.964850]  aiptek_open+0x82/0x230 [aiptek]\n"
        "[ 8983.964853]  input_open_device+0xa80/0xc10\n"
        "[ 8983.964869]  evdev_open+0x57b/0x6c0 [evdev]\n"
        "[ 8983.964883]  chrdev_open+0x151/0x270\n"
        "[ 8983.964902]  do_dentry_open+0x8c2/0xd30\n"
        "[ 8983.964918]  path_openat+0x1dd/0x670\n"
        "[ 8983.965037]  </TASK>\n"
        "[ 8983.965041] ---[ end trace 0000000000000000 ]---"
    ),
    near_miss="[   57.200330] usb 1-1: usb_submit_urb failed: -19",
)
