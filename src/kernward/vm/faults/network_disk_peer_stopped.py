"""The machine that serves a network disk no longer answers."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from kernward.vm.fault import Fault, Needs, Parameter, Values, environment
from kernward.vm.fault_parts import SERVE, STOP, join
from kernward.vm.faults import network_disk_stopped

if TYPE_CHECKING:
    from kernward.vm.machine import Machine

_ALONE = network_disk_stopped.FAULT
_WIRE = "wire"


def _stop(machine: "Machine", peers: "Sequence[Machine]", values: Values) -> None:
    server = peers[0]
    address = join((machine, *peers), _WIRE)[1]
    given = environment(values)
    server.sh(SERVE + 'serve nbd-server "" nbd-serve 10809 64; sleep 0.5')
    machine.sh(
        SERVE
        + f"""
        echo $timeout_s >/proc/sys/kernel/hung_task_timeout_secs
        serve nbd-client "" nbd-attach /dev/nbd0 {address} 10809 64 0
        for try in $(seq 50); do [ $(cat /sys/block/nbd0/size) -gt 0 ] && break; usleep 100000; done
        dd if=/dev/nbd0 of=/dev/null bs=64k count=1
        """,
        environment=given,
    )
    if values["stopped"] == "machine":
        server.qmp("stop")
    else:
        server.sh("kill -STOP $(cat /run/nbd-server.pid)")
    machine.sh(SERVE + 'serve $service "" fsync /dev/nbd0 1 4096', environment=given)


def _go_on(machine: "Machine", peers: "Sequence[Machine]", values: Values) -> None:
    for server in peers:
        if values["stopped"] == "machine":
            server.qmp("cont")
        server.sh("kill -CONT $(cat /run/nbd-server.pid)")


FAULT: Fault = msgspec.structs.replace(
    _ALONE,
    name="network-disk-peer-stopped",
    title="the machine that serves a network disk hangs",
    doc=(
        "As network-disk-stopped, with the server on a second machine on the same segment: either its process is "
        "stopped, and its kernel still acknowledges what is sent, or the whole machine is, and TCP sends again "
        "and again."
    ),
    parameters=(
        *_ALONE.parameters,
        Parameter("stopped", "process", "", "what no longer runs", choices=("process", "machine")),
    ),
    needs=Needs(misbehave=True, modules=("nbd",), nics=(_WIRE,), peers=1, config=_ALONE.needs.config),
    inject="",
    drive=_stop,
    undrive=_go_on,
    undo=STOP + "stop nbd-client; stop $service",
)
