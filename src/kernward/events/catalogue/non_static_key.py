"""lockdep: a lock was used that was never initialised."""

from kernward.events.kind import Blame, Extent, Kind, Pattern
from kernward.events.reading import Reading


def read(reading: Reading) -> None:
    """Locking code and stack walks act for whoever owns the lock."""
    reading.machinery.append((r"\w*(?:stack|lock|IRQ)\w*", "is locking or printing code"))


KIND = Kind(
    id="non-static-key",
    title="INFO: trying to register non-static key in {function}",
    title_without_function="INFO: trying to register non-static key in corrupted",
    class_="crash",
    severity="warning",
    patterns=(
        Pattern(
            literal="trying to register non-static key",
            regex=r"INFO: trying to register non-static key\.?",
            unprinted="lockdep (CONFIG_PROVE_LOCKING) is off in Debian's kernels",
        ),
    ),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    read=read,
    printed_by=("kernel/locking/lockdep.c:assign_lock_key",),
    meaning=(
        "lockdep identifies a lock by the place of its initialisation. This one has none: "
        "the lock lies in memory that was allocated but not initialised, or already freed "
        "and cleared. The lock may still seem to work. lockdep is off afterwards."
    ),
    next_steps=(
        (
            "In the guilty function find the lock and its spin_lock_init() or mutex_init(): on "
            "which path is it skipped?"
        ),
        "An error path that tears down what was never set up is the usual finding.",
    ),
    confused_with=("spinlock-bad-magic: the same seen by spinlock debugging.",),
    example=(
        "[ 7172.520993] INFO: trying to register non-static key.\n"
        "[ 7172.520997] The code is fine but needs lockdep annotation, or maybe\n"
        "[ 7172.521001] you didn't initialize this object before use?\n"
        "[ 7172.521014] turning off the locking correctness validator.\n"
        "[ 7172.521025] CPU: 5 PID: 24905 Comm: rmmod Not tainted 6.9.0-rc4-dbg+ #3\n"
        "[ 7172.521049] Call Trace:\n"
        "[ 7172.521054]  <TASK>\n"
        "[ 7172.521063]  dump_stack_lvl+0x27c/0x840\n"
        "[ 7172.521070]  register_lock_class+0x50b/0xdf0\n"
        "[ 7172.521090]  __lock_acquire+0x62d/0xc30\n"
        "[ 7172.521094]  lock_acquire+0x42e/0x690\n"
        "[ 7172.521103]  _raw_spin_lock_irqsave+0x566/0x7b0\n"
        "[ 7172.521116]  comedi_usb_stop_urbs+0x43/0x7a0 [vmk80xx]\n"
        "[ 7172.521249]  </TASK>"
    ),
    near_miss="[   47.712178] keyring: trying to register non-static key",
)
