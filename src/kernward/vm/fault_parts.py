"""What faults have in common: parameters that mean the same in each, and shell functions for scripts.

The functions are put in front of a script that uses them; they need busybox and nothing else.
"""

from kernward.vm.fault import Parameter

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
# where we are), behind. Its id is kept in /run/NAME.pid, what it complains about in /run/NAME.said.
SERVE = r"""
serve() {
    name=$1 group=$2
    shift 2
    ln -sf /usr/bin/misbehave /tmp/$name
    (
        [ -z "$group" ] || echo 0 >$group/cgroup.procs || exit 1
        exec /tmp/$name "$@"
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
