"""Interrupts come at a high rate."""

from kernward.vm.fault import DiskNeed, Fault, Needs, Parameter, Symptom, Truth
from kernward.vm.fault_parts import DISK, SERVE, STOP, service_name

FAULT = Fault(
    name="irq-load",
    title="the host is busy with interrupts",
    doc=(
        "A service makes interrupts come at a high rate: with `timer` threads sleep for a few microseconds at "
        "a time, each of which ends with a timer interrupt; with `disk` they read single sectors past the "
        "page cache, each of which ends with an interrupt of the disk."
    ),
    group="cpu",
    parameters=(
        Parameter("source", "timer", "", "where interrupts come from", choices=("timer", "disk")),
        Parameter("threads", 4, "", "how many threads cause them", least=1, most=64),
        Parameter("interval_us", 200, "us", "how long each sleeps (timer)", least=1, most=1000),
        service_name("poller"),
    ),
    needs=Needs(misbehave=True, disks=(DiskNeed("sectors", "blank", 16),)),
    inject=SERVE
    + DISK
    + """
        if [ $source = timer ]; then
            serve $service "" timers $threads $interval_us
        else
            serve $service "" direct $(disk sectors) read $threads 512 16
        fi
    """,
    undo=STOP + "stop $service",
    symptom=Symptom(
        doc="At least 700 interrupts come within a second.",
        command="""
        # of timers: the local APIC's; of the disk: those of devices
        interrupts() {
            if [ $source = timer ]; then
                awk '$1 == "LOC:" { for (i = 2; i <= NF; i++) sum += $i } END { printf "%d\\n", sum }' /proc/interrupts
            else
                awk '/virtio/ { for (i = 2; i <= NF && $i ~ /^[0-9]+$/; i++) sum += $i }
                     END { printf "%d\\n", sum }' /proc/interrupts
            fi
        }
        before=$(interrupts)
        sleep 1
        more=$(($(interrupts) - before))
        echo "$more interrupts of the $source within 1 s"
        [ $more -ge 700 ]
        """,
        within_s=30,
    ),
    truth=Truth(
        cause="interrupt-load",
        entity_kind="process",
        entity="$service",
        mechanism=(
            "Each interrupt runs hrtimer_interrupt() in kernel/time/hrtimer.c, or for the disk "
            "handle_edge_irq() in kernel/irq/chip.c and virtblk_done() in drivers/block/virtio_blk.c, in the time "
            "of whatever ran on that CPU."
        ),
    ),
)
