"""One process takes all that a disk can do."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kernward.vm.fault import DiskNeed, Fault, Needs, Parameter, Symptom, Truth, Values
from kernward.vm.fault_parts import DISK, PRESSURE, SERVE, STOP, service_name, throttle, unthrottled

if TYPE_CHECKING:
    from kernward.vm.machine import Machine


def _limit(machine: "Machine", peers: "Sequence[Machine]", values: Values) -> None:
    # QEMU answers faster than any disk; its throttle makes it one of so many requests a second.
    throttle(machine, "shared", requests_per_s=int(values["disk_iops"]))


FAULT = Fault(
    name="io-saturation",
    title="a neighbour saturates a disk",
    doc=(
        "A service reads at random places of a disk with many requests at a time, more than the disk can "
        "answer. A second service, which reads one block now and then, waits behind them. No request fails."
    ),
    group="storage",
    parameters=(
        Parameter("disk_iops", 200, "1/s", "what the disk can do", least=20, most=5000),
        Parameter("threads", 16, "", "how many requests the neighbour has at a time", least=4, most=64),
        service_name("backup", doc="name of the neighbour"),
        service_name("mailstore", "victim", "name of the service that waits"),
    ),
    needs=Needs(misbehave=True, disks=(DiskNeed("shared", "blank", 64),)),
    inject=DISK
    + SERVE
    + """
        serve $service "" direct $(disk shared) read $threads 4096 64
        serve $victim "" direct $(disk shared) read 1 4096 64
    """,
    drive=_limit,
    undrive=unthrottled("shared"),
    undo=STOP + "stop $service; stop $victim",
    symptom=Symptom(
        doc="Within 2 s the disk is busy for 90 % of the time, with a queue of a quarter of the threads.",
        command=DISK
        + PRESSURE
        + """
        device=$(disk shared)
        # ms of I/O, ms weighted by the requests in flight (Documentation/block/stat.rst)
        look() { awk '{ print $10, $11 }' /sys/block/${device##*/}/stat; }
        set -- $(look) $(cut -d ' ' -f 1 /proc/uptime | tr -d .)
        sleep 2
        set -- "$@" $(look) $(cut -d ' ' -f 1 /proc/uptime | tr -d .)
        busy=$(($4 - $1)) queue=$(($5 - $2)) time=$((($6 - $3) * 10))
        echo "within $time ms the disk was busy for $busy ms with $((queue / time)) requests on average"
        [ $((busy * 10)) -ge $((time * 9)) ] && [ $((queue * 4)) -ge $((time * threads)) ]
        """,
        within_s=40,
    ),
    truth=Truth(
        cause="device-saturated",
        entity_kind="device",
        entity="vda",
        mechanism=(
            "blk_mq_get_tag() in block/blk-mq-tag.c and virtio_queue_rq() in drivers/block/virtio_blk.c let only so "
            "many requests to the disk; the others queue, and their time counts from "
            "blk_account_io_start() in block/blk-mq.c."
        ),
    ),
)
