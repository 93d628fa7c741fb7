"""The server of a network disk no longer answers."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth
from kernward.vm.fault_parts import SERVE, STOP, service_name

FAULT = Fault(
    name="network-disk-stopped",
    title="a network disk's server hangs",
    doc=(
        "A network block device (nbd) is served by a process that is stopped (SIGSTOP): its connection stays "
        "up and nothing is answered, as with an NFS or iSCSI server that hangs. Whoever waits for his data to be "
        "written sleeps uninterruptibly; the kernel reports a task that sleeps for too long."
    ),
    group="storage",
    parameters=(
        Parameter("timeout_s", 4, "s", "kernel.hung_task_timeout_secs", least=1, most=60),
        service_name("tape-writer"),
    ),
    needs=Needs(misbehave=True, modules=("nbd",), config={"CONFIG_DETECT_HUNG_TASK": "y"}),
    inject=SERVE
    + """
        echo $timeout_s >/proc/sys/kernel/hung_task_timeout_secs
        serve nbd-server "" nbd-serve 10809 64
        sleep 0.5
        serve nbd-client "" nbd-attach /dev/nbd0 127.0.0.1 10809 64 0
        for try in $(seq 50); do [ $(cat /sys/block/nbd0/size) -gt 0 ] && break; usleep 100000; done
        dd if=/dev/nbd0 of=/dev/null bs=64k count=1 2>/dev/null || exit 1
        kill -STOP $(cat /run/nbd-server.pid)
        serve $service "" fsync /dev/nbd0 1 4096
    """,
    undo=STOP + "kill -CONT $(cat /run/nbd-server.pid); stop $service; stop nbd-server; stop nbd-client",
    symptom=Symptom(
        doc="The kernel reports the writer as hung.",
        console=r"INFO: task $service:\d+ blocked for more than \d+ seconds",
        within_s=30,
        plus=("timeout_s", "timeout_s"),
    ),
    truth=Truth(
        kinds=("hung-task",),
        cause="remote-storage-hung",
        entity_kind="device",
        entity="nbd0",
        mechanism=(
            "nbd_send_cmd() in drivers/block/nbd.c sends the request and recv_work() waits for a reply that does "
            "not come; the writer sleeps in folio_wait_writeback() in mm/page-writeback.c, where "
            "check_hung_task() in kernel/hung_task.c finds it."
        ),
    ),
)
