"""A file system stays frozen while a process writes to it."""

from kernward.vm.fault import DiskNeed, Fault, Needs, Parameter, Symptom, Truth, too_short
from kernward.vm.fault_parts import DISK, service_name

FAULT = Fault(
    name="frozen-filesystem",
    title="a process that writes to a frozen file system",
    doc=(
        "A file system is frozen for a backup (fsfreeze) and not thawed. Whoever writes to it waits in state D; "
        "after kernel.hung_task_timeout_secs the kernel prints where."
    ),
    group="hang",
    parameters=(
        Parameter("seconds", 9, "s", "how long it stays frozen", least=3, most=86400),
        Parameter("timeout_s", 3, "s", "kernel.hung_task_timeout_secs", least=1, most=600),
        service_name("postgres"),
    ),
    refuse=lambda values: too_short(values["seconds"], 2 * float(values["timeout_s"]) + 1),
    needs=Needs(
        disks=(DiskNeed("data", "ext4"),), modules=("ext4",), config={"CONFIG_DETECT_HUNG_TASK": "y"}
    ),
    inject=DISK
    + """
        mount -t ext4 $(disk data) /mnt || exit 1
        echo $timeout_s >/proc/sys/kernel/hung_task_timeout_secs
        fsfreeze --freeze /mnt || exit 1
        # A name of its own for the process that writes: a shell's builtin would be "sh".
        printf '#!/bin/sh\necho checkpoint >/mnt/wal\n' >/tmp/$service
        chmod 755 /tmp/$service
        /tmp/$service </dev/null >/dev/null 2>&1 &
        (sleep $seconds; fsfreeze --unfreeze /mnt) </dev/null >/dev/null 2>&1 &
    """,
    undo="fsfreeze --unfreeze /mnt; echo 120 >/proc/sys/kernel/hung_task_timeout_secs; sleep 1; umount /mnt",
    symptom=Symptom(
        doc="The kernel says who is blocked, and where.",
        console=r"INFO: task $service:\d+ blocked for more than \d+ seconds",
        within_s=25,
        plus=("timeout_s", "timeout_s"),
    ),
    truth=Truth(
        kinds=("hung-task",),
        cause="filesystem-frozen",
        entity_kind="process",
        entity="$service",
        mechanism=(
            "mnt_want_write() in fs/namespace.c calls sb_start_write(), which waits in percpu_rwsem_wait() of "
            "kernel/locking/percpu-rwsem.c until thaw_super() in fs/super.c."
        ),
    ),
)
