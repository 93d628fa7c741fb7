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
    example=(
        "[ 2664.017305] BUG: key ffff88810a2c3d48 has not been registered!\n"
        "[ 2664.017309] ------------[ cut here ]------------\n"
        "[ 2664.017323] DEBUG_LOCKS_WARN_ON(1)\n"
        "[ 2664.017332] WARNING: CPU: 4 PID: 6532 at kernel/locking/lockdep.c:4890 "
        "lockdep_init_map_type+0x1e5/0x250\n"
        "[ 2664.017344] Modules linked in: xfs libcrc32c bonding tls intel_rapl_msr kvm_intel kvm "
        "irqbypass igb\n"
        "[ 2664.017356] CPU: 4 PID: 6532 Comm: modprobe Not tainted 6.9.0-rc4-dbg+ #3\n"
        "[ 2664.017375] RIP: 0010:lockdep_init_map_type+0x1e5/0x250\n"
        "[ 2664.017512] Call Trace:\n"
        "[ 2664.017528]  <TASK>\n"
        "[ 2664.017540]  __kernfs_create_file+0x206/0x580\n"
        "[ 2664.017548]  sysfs_add_file_mode_ns+0x8e/0xa10\n"
        "[ 2664.017557]  sysfs_create_file_ns+0x3de/0x4d0\n"
        "[ 2664.017568]  acme_add_sensors+0x3e/0x910 [acme]\n"
        "[ 2664.017583]  acme_probe+0xc9/0x1e0 [acme]\n"
        "[ 2664.017589]  platform_probe+0x2be/0x400\n"
        "[ 2664.017653]  </TASK>\n"
        "[ 2664.017663] ---[ end trace 0000000000000000 ]---"
    ),
    near_miss="[   18.220117] acme: device key 0x12 has not been registered!",
)
