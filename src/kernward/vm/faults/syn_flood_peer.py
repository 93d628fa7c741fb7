"""A listening port is flooded with connection requests by another machine."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from kernward.vm.fault import Fault, Needs, Values, environment
from kernward.vm.fault_parts import NETSTAT, SERVE, STOP, card_on, join
from kernward.vm.faults import syn_flood

if TYPE_CHECKING:
    from kernward.vm.machine import Machine

_ALONE = syn_flood.FAULT
_WIRE = "wire"


def _flood(machine: "Machine", peers: "Sequence[Machine]", values: Values) -> None:
    address = join((machine, *peers), _WIRE)[0]
    given = environment(values)
    machine.sh(
        SERVE
        + NETSTAT
        + f"""
        # the answers go nowhere, but they need a route
        ip route add 198.51.100.0/24 dev eth{card_on(machine, _WIRE)}
        netstat TcpExt SyncookiesSent >/run/syn-flood.before
        serve $service "" listen $port $queue
        """,
        environment=given,
    )
    peers[0].sh(SERVE + f'sleep 0.5; serve probe "" syn {address} $port 0 $per_s', environment=given)


FAULT: Fault = msgspec.structs.replace(
    _ALONE,
    name="syn-flood-peer",
    title="another machine floods a port with connection requests",
    doc=(
        "As syn-flood, and the requests are sent by a second machine on the same segment: they come in through "
        "a network card, its interrupts and its queues."
    ),
    parameters=tuple(each for each in _ALONE.parameters if each.name != "interface"),
    needs=Needs(misbehave=True, nics=(_WIRE,), peers=1, config=_ALONE.needs.config),
    inject="",
    drive=_flood,
    undo=STOP + "stop $service",
)
