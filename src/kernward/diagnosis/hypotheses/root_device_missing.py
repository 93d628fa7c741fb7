"""The kernel found no root file system or no first program on it."""

from collections.abc import Iterator

from kernward.diagnosis.hypothesis import Confirmed, Hypothesis, Rival, Signal, Threshold, Verdict
from kernward.diagnosis.log_events import LASTING_S, ago, crash, freshness, no_crash
from kernward.diagnosis.view import View
from kernward.records.check import Action, Scope

KINDS = ("panic-vfs-mount-root", "panic-no-init")
AGE = Threshold(
    "age of the panic", LASTING_S, "s", "a machine that did not come up within the day is asked about why"
)


def _test(view: View) -> Iterator[Verdict]:
    found = crash(view, *KINDS)
    if found is None:
        yield no_crash(view, "boot that found no root file system")
        return
    event, proof = found
    device = event.fields.get("device")
    yield Confirmed(
        scope=Scope("device", str(device)) if device else Scope(),
        confidence=0.95,
        impact=freshness(event, AGE.value),
        mechanism=(
            f"A boot ended {ago(event.age_s)} because the kernel could not use "
            + (f"{device} as its root file system" if device else "what its command line names as root")
            + ": the name is wrong, the disk is not there, or the driver for it or its file system is neither built in "
            "nor in the initramfs."
        ),
        evidence=(proof,),
        chain=(
            "root= names what the kernel does not find",
            "mounting fails",
            "the kernel panics before any program runs",
        ),
    )


HYPOTHESIS = Hypothesis(
    id="root-device-missing",
    title="No root file system found at boot",
    group="io",
    claim="A boot ended because the root device, its driver or the first program was not there.",
    signals=(
        Signal("kernel_events.latest", "the panic in a log that was copied"),
        Signal("earlier_boot.latest", "the panic in the dump of the boot before"),
    ),
    thresholds=(AGE,),
    rivals=(
        Rival("init-died", "there the first program ran, and ended"),
        Rival("filesystem-corrupted", "there the device is found, and its file system reports errors"),
    ),
    explains=("unclean-restart",),
    mechanism=(
        "mount_root_generic() in init/do_mounts.c (mount_block_root() before 6.6) tries each file system on the device "
        "that root= names and panics when none takes it; kernel_init() in init/main.c panics without a program to run."
    ),
    actions=(
        Action(
            "now",
            "Boot the kernel before this one, or correct root= in the boot loader; the panic lists the partitions that "
            "there are.",
            "None.",
        ),
        Action(
            "for good",
            "Name the root by UUID, and build the initramfs anew with the driver of the disk.",
            "Keep the working kernel as a second entry until the new one has booted.",
            "update-initramfs -u -k RELEASE; dracut --force --kver RELEASE",
        ),
    ),
    kinds=KINDS,
    see=("init/do_mounts.c", "init/main.c"),
    test=_test,
)
