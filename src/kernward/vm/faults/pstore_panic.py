"""A panic is kept in memory that survives the restart, and read afterwards."""

from kernward.vm.fault import Fault, Needs, Symptom, Truth

FAULT = Fault(
    name="pstore-panic",
    title="a panic that is found in pstore after the restart",
    doc=(
        "A driver's timer follows a null pointer; the machine panics and restarts. The last messages were "
        "written to a piece of memory that is kept out of use (ramoops), and are read there after the restart."
    ),
    group="crash",
    needs=Needs(
        lab=True,
        append=("memmap=1M$$0x8000000",),
        modules=(
            "ramoops mem_address=0x8000000 mem_size=0x100000 record_size=0x10000 console_size=0 "
            "pmsg_size=0 ftrace_size=0",
        ),
        reboots=True,
    ),
    inject='echo "null-pointer context=softirq" > /proc/kernward_faults',
    symptom=Symptom(
        doc="The panic, and after the restart a record of it in /sys/fs/pstore.",
        console=r"Kernel panic - not syncing: Fatal exception in interrupt",
        command="""
            mountpoint -q /sys/fs/pstore || mount -t pstore pstore /sys/fs/pstore
            cat /sys/fs/pstore/dmesg-ramoops-* | tee /dev/console | grep -m 1 'kf_null_read'
        """,
        within_s=90,
    ),
    truth=Truth(
        kinds=("null-pointer-dereference", "panic-fatal-exception"),
        mechanism=(
            "kmsg_dump() in kernel/printk/printk.c and ramoops_pstore_write() in fs/pstore/ram.c keep what "
            "oops_end() in arch/x86/kernel/dumpstack.c ends with; the culprit is kf_null_read() of the module "
            "kernward_faults."
        ),
    ),
)
