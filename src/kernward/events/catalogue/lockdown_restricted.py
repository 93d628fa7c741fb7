"""The lockdown of the kernel refused something that root tried."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="lockdown-restricted",
    title="Lockdown: {what} is restricted",
    class_="state",
    severity="info",
    subsystem="lockdown",
    patterns=(
        Pattern(
            literal=" is restricted; see man kernel_lockdown.7",
            regex=(
                r"Lockdown: (?P<comm>.{0,64}): (?P<what>[^:]{3,120}) is restricted; see man"
                r" kernel_lockdown\.7"
            ),
        ),
    ),
    fields=(
        Field("comm", "str", "the process"),
        Field("what", "str", "what is not allowed"),
    ),
    key=("what",),
    printed_by=("security/lockdown/lockdown.c:lockdown_is_locked_down",),
    meaning=(
        "Under lockdown (Secure Boot switches it on in most distributions) even root may not change or read "
        "the running kernel: no unsigned modules, no /dev/mem, no kprobes in confidentiality mode, no "
        "hibernation without protection. Tools that need it fail with EPERM."
    ),
    next_steps=(
        "`cat /sys/kernel/security/lockdown` shows the mode.",
        (
            "Is the tool needed on this host? Use a signed alternative, or another mode; it cannot be "
            "lowered at run time."
        ),
    ),
    confused_with=("module-load-failed: a module refused for another reason",),
    example="""\
[   31.300001] Lockdown: bpftool: use of bpf to read kernel RAM is restricted; see man kernel_lockdown.7""",
    near_miss="[    0.300001] Kernel is locked down from EFI Secure Boot; see man kernel_lockdown.7",
)
