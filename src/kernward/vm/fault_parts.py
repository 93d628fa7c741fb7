"""What faults have in common: parameters that mean the same in each, and shell functions for scripts.

The functions are put in front of a script that uses them; they need busybox and nothing else.
"""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kernward.records.errors import UsageError
from kernward.vm.fault import Drive, Parameter, Values

if TYPE_CHECKING:
    from kernward.vm.machine import Machine

# A container's cgroup as kubelet's systemd driver and containerd name it.
POD_CGROUP = (
    "/kubepods.slice/kubepods-burstable.slice"
    "/kubepods-burstable-pod8d1f6c0e_2b5a_4a52_9f0e_5d1c3f3a7b61.slice"
    "/cri-containerd-4f1a0b7c9d2e8f6a5b3c1d0e9f8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d2e1f0a.scope"
)


def service_name(default: str, name: str = "service", doc: str = "name of the process") -> Parameter:
    """A process name, at most the 15 bytes that the kernel keeps of one."""
    return Parameter(name, default, "", doc, regex=r"[a-z][a-z0-9-]{0,14}")


def cgroup_path(
    default: str = POD_CGROUP, name: str = "cgroup", doc: str = "path of the cgroup"
) -> Parameter:
    """A cgroup's path as /proc/PID/cgroup shows it."""
    return Parameter(name, default, "", doc, regex=r"(/[A-Za-z0-9_.:@-]{1,100}){1,8}")


def interface_name(default: str) -> Parameter:
    """A network interface, at most the 15 bytes that the kernel allows."""
    return Parameter("interface", default, "", "name of the interface", regex=r"[a-z][a-z0-9.-]{0,14}")


def card_on(machine: "Machine", network: str) -> int:
    """The number of the machine's first card on this network: its ethN in the guest, its netN in QEMU."""
    for number, nic in enumerate(machine.spec.nics):
        if nic.network == network:
            return number
    raise UsageError(f"{machine.name} has no card on the network {network}")


def join(machines: "Sequence[Machine]", network: str) -> list[str]:
    """Give the machines' cards on a segment addresses, and say which: 10.66.0.1, 10.66.0.2, …

    A card that has an address keeps it: the hosts of a fleet have theirs.
    """
    addresses = []
    for number, machine in enumerate(machines, 1):
        card = f"eth{card_on(machine, network)}"
        has = re.search(rb"inet (\d+(?:\.\d+){3})/", machine.sh(f"ip -4 address show dev {card}").stdout)
        if has:
            addresses.append(has[1].decode())
            continue
        # Restored machines of one snapshot have the same MAC address.
        done = machine.sh(
            f"ip link set dev {card} address 52:54:00:66:00:{number:02x} && ip link set dev {card} up && "
            f"ip address add 10.66.0.{number}/24 dev {card}"
        )
        if done.status:
            raise UsageError(f"{machine.name}: {card} got no address: {done.stderr.decode(errors='replace')}")
        addresses.append(f"10.66.0.{number}")
    return addresses


# make_cgroup CONTROLLER PATH: make the cgroup with that controller; $folder is where it is.
# v2: each level hands the controller on. v1: the agent mounts one hierarchy a controller.
MAKE_CGROUP = r"""
make_cgroup() {
    if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
        folder=/sys/fs/cgroup
        for level in $(echo "$2" | tr / ' '); do
            echo "+$1" >$folder/cgroup.subtree_control || exit 1
            folder=$folder/$level
            mkdir -p $folder
        done
    else
        folder=$(awk -v wanted=$1 '$3 == "cgroup" && index("," $4 ",", "," wanted ",") { print $2; exit }' \
            /proc/mounts)
        [ -n "$folder" ] || { echo "this machine has no cgroup hierarchy with $1" >&2; exit 1; }
        folder=$folder$2
        mkdir -p $folder
    fi
}
"""

# find_cgroup CONTROLLER PATH: $folder is where that cgroup is.
FIND_CGROUP = r"""
find_cgroup() {
    folder=/sys/fs/cgroup
    [ -e /sys/fs/cgroup/cgroup.controllers ] ||
        folder=$(awk -v wanted=$1 '$3 == "cgroup" && index("," $4 ",", "," wanted ",") { print $2; exit }' \
            /proc/mounts)
    folder=$folder$2
}
"""

# serve NAME FOLDER ARGUMENT...: run misbehave as a process of that name, in the cgroup of that folder ("":
# where we are), behind. Its id is kept in /run/NAME.pid, what it complains about in /run/NAME.said. With
# $within it is run by that command, such as what `pair` leaves in $there.
SERVE = r"""
serve() {
    name=$1 group=$2
    shift 2
    ln -sf /usr/bin/misbehave /tmp/$name
    (
        [ -z "$group" ] || echo 0 >$group/cgroup.procs || exit 1
        exec $within /tmp/$name "$@"
    ) </dev/null >/dev/null 2>/run/$name.said &
    echo $! >/run/$name.pid
}
"""

# stop NAME: end what `serve` started, and wait until it is gone.
STOP = r"""
stop() {
    pid=$(cat /run/$1.pid 2>/dev/null) || return 0
    kill -9 $pid 2>/dev/null
    for try in 1 2 3 4 5 6 7 8 9 10; do [ -e /proc/$pid ] || break; sleep 0.2; done
    rm -f /run/$1.pid
}
"""

# pair INTERFACE ADDRESS OTHER: a virtual card with this address, whose cable ends in a network namespace of
# its own, where the other address is; $there is what runs a command over there.
PAIR = r"""
pair() {
    unshare -n sleep 1000000 </dev/null >/dev/null 2>&1 &
    echo $! >/run/$1.netns
    there="nsenter -t $! -n"
    until [ "$(readlink /proc/$!/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do usleep 20000; done
    ip link add $1 type veth || exit 1
    number=$(cat /sys/class/net/$1/iflink)
    for each in /sys/class/net/*; do
        [ $(cat $each/ifindex) = $number ] && ip link set dev ${each##*/} netns $!
    done
    ip address add $2/24 dev $1
    ip link set dev $1 up
    other=$($there ip link | sed -n "s/^$number: \\([^:@]*\\).*/\\1/p")
    $there ip address add $3/24 dev $other
    $there ip link set dev $other up
    $there ip link set dev lo up
}
"""

# unpair INTERFACE: undo `pair`.
UNPAIR = r"""
unpair() {
    ip link del $1
    kill $(cat /run/$1.netns)
}
"""

# disk NAME: print the device of the disk that the machine's specification calls so.
DISK = r"""
disk() {
    for each in /sys/block/*; do
        if cat $each/serial $each/device/serial $each/device/vpd_pg80 2>/dev/null | tr '\0' ' ' |
            grep -qw -- "$1"; then
            echo /dev/${each##*/}
            return
        fi
    done
    echo "this machine has no disk $1" >&2
}
"""

# mapped NAME: print the device of this device-mapper table.
MAPPED = r"""
mapped() {
    for each in /sys/block/dm-*; do
        [ "$(cat $each/dm/name 2>/dev/null)" = "$1" ] && echo /dev/${each##*/}
    done
}
"""

# count FILE NAME: print the number behind this name in a file of "name number" lines.
COUNT = r"""
count() { awk -v name=$2 '$1 == name { print $2; found = 1; exit } END { if (!found) print 0 }' $1; }
"""

# netstat GROUP NAME: print a counter of /proc/net/snmp or /proc/net/netstat, such as `netstat Tcp RetransSegs`.
NETSTAT = r"""
netstat() {
    cat /proc/net/snmp /proc/net/netstat | awk -v group=$1: -v name=$2 '
        $1 == group && !place { for (i = 2; i <= NF; i++) if ($i == name) place = i; next }
        $1 == group && place { print $place; exit }'
}
"""

# pressure FILE some|full: print the microseconds of stall that a PSI file has counted.
PRESSURE = r"""
pressure() { sed -n "s/^$2 .*total=//p" $1; }
"""


def throttle(
    machine: "Machine",
    disk: str,
    *,
    bytes_per_s: int = 0,
    write_bytes_per_s: int = 0,
    requests_per_s: int = 0,
) -> None:
    """Have QEMU let a disk do so much and no more; 0 is no limit."""
    limits = f"{bytes_per_s} 0 {write_bytes_per_s} {requests_per_s} 0 0"
    machine.monitor(f"block_set_io_throttle {disk} {limits}")


def unthrottled(disk: str) -> Drive:
    """Takes back what `throttle` did to a disk."""
    return lambda machine, peers, values: throttle(machine, disk)


def stalled_reads(disk: str) -> Drive:
    """Slows a disk to `$bytes_per_s` and reads from it.

    The throttle lets the first request through; the next one has to wait for it.
    """

    def drive(machine: "Machine", peers: "Sequence[Machine]", values: Values) -> None:
        throttle(machine, disk, bytes_per_s=int(values["bytes_per_s"]))
        reading = (
            f"dd if=$(disk {disk}) of=/dev/null bs=64k count=6 iflag=direct >/dev/null 2>&1 </dev/null &"
        )
        machine.sh(DISK + reading)

    return drive
