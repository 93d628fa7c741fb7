"""The first process dies."""

from kernward.vm.fault import Fault, Symptom, Truth

FAULT = Fault(
    name="init-killed",
    title="the first process dies",
    doc=(
        "The code of the first process is overwritten (through /proc/1/mem, as a bad upgrade or a broken disk "
        "would), so it dies of a signal. A machine without it cannot go on: the kernel panics."
    ),
    group="crash",
    inject=r"""
        # Every page of its code, wherever it stands: zeros write through a register that holds no address.
        sed -n 's/^\([0-9a-f]*\)-\([0-9a-f]*\) r-xp .* [^[]*$/\1 \2/p' /proc/1/maps | grep -v ' ffff' |
            while read -r from to; do
                dd if=/dev/zero of=/proc/1/mem bs=4096 conv=notrunc \
                    seek=$((0x$from / 4096)) count=$(((0x$to - 0x$from) / 4096))
            done
    """,
    symptom=Symptom(
        doc="The panic with the exit code of the first process.",
        console=r"Kernel panic - not syncing: Attempted to kill init! exitcode=0x[0-9a-f]+",
    ),
    truth=Truth(
        kinds=("panic-init-killed",),
        cause="init-died",
        entity_kind="process",
        entity="init",
        mechanism="do_exit() in kernel/exit.c panics when the last thread of the first process is gone.",
    ),
    ends=True,
)
