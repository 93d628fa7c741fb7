"""kernel.hung_task_panic=1, then a process writes to a frozen file system."""

from kernward.vm.fault import DiskNeed, Fault, Needs, Parameter, Symptom, Truth
from kernward.vm.fault_parts import DISK, service_name

FAULT = Fault(
    name="hung-task-panic",
    title="a hung task that is made a panic",
    doc="As frozen-filesystem, on a machine that is to restart rather than wait: kernel.hung_task_panic=1.",
    group="hang",
    parameters=(
        Parameter("timeout_s", 3, "s", "kernel.hung_task_timeout_secs", least=1, most=600),
        service_name("postgres"),
    ),
    needs=Needs(
        disks=(DiskNeed("data", "ext4"),), modules=("ext4",), config={"CONFIG_DETECT_HUNG_TASK": "y"}
    ),
    inject=DISK
    + """
        mount -t ext4 $(disk data) /mnt || exit 1
        echo 1 >/proc/sys/kernel/hung_task_panic
        echo $timeout_s >/proc/sys/kernel/hung_task_timeout_secs
        fsfreeze --freeze /mnt || exit 1
        printf '#!/bin/sh\necho checkpoint >/mnt/wal\n' >/tmp/$service
        chmod 755 /tmp/$service
        /tmp/$service </dev/null >/dev/null 2>&1 &
    """,
    symptom=Symptom(
        doc="The report of who is blocked, and a panic behind it.",
        console=r"Kernel panic - not syncing: hung_task: blocked tasks",
        within_s=25,
        plus=("timeout_s", "timeout_s"),
    ),
    truth=Truth(
        kinds=("hung-task", "panic-hung-task"),
        entity_kind="process",
        entity="$service",
        mechanism=(
            "check_hung_uninterruptible_tasks() in kernel/hung_task.c panics because of hung_task_panic; the "
            "process waits in sb_start_write() of include/linux/fs.h."
        ),
    ),
    ends=True,
)
