"""A module without a valid signature was loaded."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="module-unsigned",
    title="unsigned module loaded",
    class_="state",
    severity="info",
    subsystem="module",
    patterns=(
        Pattern(
            literal="module verification failed: signature and/or required key missing",
            regex=(
                r"(?P<module>[\w-]{1,60}): module verification failed: signature and/or required key"
                r" missing - tainting kernel"
            ),
        ),
    ),
    fields=(Field("module", "str", "the module"),),
    key=("module",),
    printed_by=("kernel/module/main.c:module_augment_kernel_taints",),
    meaning=(
        "The module has no signature that a key of this kernel verifies, and was loaded all the same, since "
        "signatures are not enforced. The kernel is tainted `E`. It is what a locally built module looks "
        "like; on a host where all modules should be signed it is a finding. The line is printed only once "
        "a boot."
    ),
    next_steps=(
        "`modinfo -F signer MODULE`; enrol the key (`mokutil --import`) or sign the module.",
        "To refuse such modules: `module.sig_enforce=1`, or Secure Boot with lockdown.",
    ),
    confused_with=("module-load-failed: there the module was refused",),
    example="""\
[    7.110101] vboxdrv: module verification failed: signature and/or required key missing - tainting kernel""",
    near_miss="[    1.110101] Loading compiled-in X.509 certificates",
)
