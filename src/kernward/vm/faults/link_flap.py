"""A network cable is pulled and put back."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth, Values
from kernward.vm.fault_parts import card_on

if TYPE_CHECKING:
    from kernward.vm.machine import Machine

_NETWORK = "user"


def _flap(machine: "Machine", peers: "Sequence[Machine]", values: Values) -> None:
    number = card_on(machine, _NETWORK)
    machine.sh(
        f"ip link set dev eth{number} up; cat /sys/class/net/eth{number}/carrier_changes >/run/link-flap.before; "
        f"echo eth{number} >/run/link-flap"
    )
    for _ in range(int(values["times"])):
        for up, pause in ((False, "down_ms"), (True, "up_ms")):
            machine.qmp("set_link", name=f"net{number}", up=up)
            time.sleep(int(values[pause]) / 1000)


FAULT = Fault(
    name="link-flap",
    title="a network link goes down and up",
    doc=(
        "The cable of a network card is pulled and put back several times (QEMU's set_link). Routes over the "
        "card are unusable meanwhile, and connections wait; a virtual card's driver prints nothing about it."
    ),
    group="network",
    parameters=(
        Parameter("times", 3, "", "how often", least=1, most=100),
        Parameter("down_ms", 300, "ms", "how long the link is down", least=100, most=10000),
        Parameter("up_ms", 300, "ms", "how long it is up in between", least=100, most=10000),
    ),
    needs=Needs(nics=(_NETWORK,)),
    drive=_flap,
    symptom=Symptom(
        doc="The interface counts at least one change of its carrier for each time down and each time up.",
        command="""
        interface=$(cat /run/link-flap)
        changes=$(($(cat /sys/class/net/$interface/carrier_changes) - $(cat /run/link-flap.before)))
        echo "the carrier of $interface changed $changes times"
        [ $changes -ge $((2 * times - 1)) ]
        """,
        within_s=20,
    ),
    truth=Truth(
        cause="link-flapping",
        entity_kind="interface",
        entity="eth0",
        mechanism=(
            "virtnet_config_changed_work() in drivers/net/virtio_net.c reads the link's state, "
            "netif_carrier_off() in net/sched/sch_generic.c counts the change, and linkwatch_do_dev() in "
            "net/core/link_watch.c takes the queues down."
        ),
    ),
)
