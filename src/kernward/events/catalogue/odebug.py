"""The debugobjects checker saw a timer, work item or other tracked object misused."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern
from kernward.events.reading import Reading


def read(reading: Reading) -> None:
    """Everything that starts, stops or frees the object acts for the owner, who is to blame."""
    reading.machinery.append(
        (
            r"\w*(?:debug_|rcu|hrtimer_|timer_|work_|percpu_|vunmap|vfree|__free_|kobject_)\w*",
            "starts, stops or frees the object for its owner",
        )
    )


KIND = Kind(
    id="odebug",
    title="WARNING: ODEBUG bug in {function}",
    title_without_function="WARNING: ODEBUG bug in corrupted",
    class_="crash",
    severity="warning",
    patterns=(
        Pattern(
            literal="ODEBUG: ",
            regex=(
                r"ODEBUG: (?P<operation>activate|assert_init|deactivate|free|init|destroy|active_state"
                r"|[a-z_]+) (?P<state>active|not available|not"
                r" initialized|destroyed|inactive|initialized|none|[a-z ]{1,20}) \(active state "
                r"(?P<active_state>\d+)\)(?: object: ?\S*)? object type: (?P<object_type>\w+)(?:"
                r" hint: (?P<hint>[\w.$]+|0x0))?"
            ),
            unprinted="CONFIG_DEBUG_OBJECTS is off in Debian's kernels",
        ),
        Pattern(
            literal="lib/debugobjects.c:",
            regex=(
                r"WARNING: (?:CPU: (?P<cpu>\d+) PID: (?P<pid>\d+) at |at"
                r" )?[\w./-]*lib/debugobjects\.c:(?P<at_line>\d+)"
            ),
            unprinted="CONFIG_DEBUG_OBJECTS is off in Debian's kernels",
        ),
    ),
    fields=(
        Field("operation", "str", "what was done"),
        Field("state", "str", "the state the object was in"),
        Field("active_state", "int", "sub-state of an active object"),
        Field("object_type", "str", "what kind of object"),
        Field("hint", "str", "the object's callback"),
        Field("cpu", "int", "the CPU that printed it"),
        Field("pid", "int", "the task that ran"),
        Field("at_line", "int", "line of the check"),
    ),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    absorbs=("odebug",),
    read=read,
    printed_by=("lib/debugobjects.c:debug_print_object",),
    meaning=(
        "CONFIG_DEBUG_OBJECTS follows the life of timers, work items, RCU heads and the "
        "like. It saw an operation that does not fit the object's state, most often freeing "
        "memory that still holds an active timer or work item. When that fires, it will run "
        "on freed memory. The hint names the callback."
    ),
    next_steps=(
        (
            "The hint is the callback of the timer or work: find who should have cancelled it "
            "(timer_delete_sync, cancel_work_sync) before the free."
        ),
        "The guilty frame is where the object was freed or initialised twice.",
        "Check the driver's remove and error paths.",
    ),
    confused_with=(
        "kasan: reports the access once the stale object is used.",
        "warning: any other WARN.",
    ),
    example=(
        "[ 7998.071723][  T912] ------------[ cut here ]------------\n"
        "[ 7998.071733][  T912] ODEBUG: free active (active state 0) object: ffff88810a2c3d48 object "
        "type: timer_list hint: rt2x00link_tuner+0x0/0x120\n"
        "[ 7998.071739][  T912] WARNING: CPU: 0 PID: 912 at lib/debugobjects.c:514 "
        "debug_print_object+0x16e/0x250\n"
        "[ 7998.071754][  T912] Modules linked in: xfs libcrc32c bonding tls intel_rapl_msr "
        "kvm_intel kvm irqbypass igb\n"
        "[ 7998.071759][  T912] CPU: 3 PID: 5535 Comm: rmmod Tainted: G        W          "
        "6.9.0-rc4-dbg+ #3\n"
        "[ 7998.071782][  T912] RIP: 0010:debug_print_object+0x16e/0x250\n"
        "[ 7998.071904][  T912] Call Trace:\n"
        "[ 7998.071912][  T912]  <TASK>\n"
        "[ 7998.071923][  T912]  debug_check_no_obj_freed+0x1bc/0x4d0\n"
        "[ 7998.071943][  T912]  kfree+0xa5f/0xbd0\n"
        "[ 7998.071953][  T912]  rt2x00lib_remove_dev+0x35a/0x9d0 [rt2x00lib]\n"
        "[ 7998.071960][  T912]  rt2x00usb_disconnect+0x1fc/0x440 [rt2x00usb]\n"
        "[ 7998.071969][  T912]  usb_unbind_interface+0x465/0x9f0\n"
        "[ 7998.071985][  T912]  device_release_driver_internal+0xac2/0xbc0\n"
        "[ 7998.072102][  T912]  </TASK>\n"
        "[ 7998.072106][  T912] ---[ end trace 0000000000000000 ]---"
    ),
    near_miss="[    0.000000] ODEBUG: selftest passed",
)
