"""lockdep: a lock's key is not where keys must be, or was never registered."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern
from kernward.events.reading import Reading


def read(reading: Reading) -> None:
    """Files of sysfs have a lock each, which is initialised for whoever adds the file."""
    reading.machinery.append(
        (r"(?:__)?(?:kernfs|sysfs)_\w+|\w*lock\w*", "initialises the lock for its caller")
    )


KIND = Kind(
    id="lockdep-key",
    title="BUG: lock key {what} in {function}",
    title_without_function="BUG: lock key {what}",
    class_="crash",
    severity="warning",
    patterns=(
        Pattern(
            literal="has not been registered!",
            regex=r"BUG: key [0-9a-fx(]\S{0,20} (?P<what>has not been registered)!",
            unprinted="lockdep (CONFIG_PROVE_LOCKING) is off in Debian's kernels",
        ),
        Pattern(
            literal=" not in .data!",
            regex=r"BUG: key [0-9a-fx(]\S{0,20} (?P<what>not in \.data)!",
            unprinted="lockdep (CONFIG_PROVE_LOCKING) is off in Debian's kernels",
        ),
    ),
    fields=(Field("what", "str", "what is wrong with the key"),),
    key=("what",),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    absorbs=("warning", "warning-locking", "debug-locks"),
    read=read,
    printed_by=("kernel/locking/lockdep.c:lockdep_init_map_type",),
    meaning=(
        "Each lock belongs to a class that lockdep knows by the address of a key. The key must be static "
        "data or registered with lockdep_register_key(). This lock was initialised with a key on the "
        "heap or on a stack, so its class cannot be told. Locking works, checking does not: lockdep "
        "switches itself off."
    ),
    next_steps=(
        "The guilty frame initialises the lock: give it a static key, or register the key before.",
        "sysfs and kernfs attributes on the heap need sysfs_attr_init().",
    ),
    confused_with=("non-static-key: the lock was used without any initialisation.",),
    example="[   18.220117] BUG: key ffff88810a2c3d48 has not been registered!",
    near_miss="[   18.220117] acme: device key 0x12 has not been registered!",
)
