"""The command line that the boot loader gave the kernel."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="kernel-command-line",
    title="Kernel command line",
    class_="state",
    severity="info",
    subsystem="init",
    patterns=(
        Pattern(
            literal="Kernel command line: ",
            regex=r"Kernel command line: (?P<command_line>.{0,4096})",
        ),
    ),
    fields=(Field("command_line", "str", "the options as given"),),
    printed_by=(
        "init/main.c:print_kernel_cmdline",
        "init/main.c:start_kernel",
    ),
    meaning=(
        "The options this boot runs with: which crash reservation, which panic settings, which mitigations, "
        "which console. Two hosts with the same kernel and different options are two different machines. An "
        "option the kernel does not know is passed to init, so a misspelt one is silently without effect."
    ),
    next_steps=(
        (
            "Compare with what the host should have: `cat /proc/cmdline`, the boot loader's configuration, "
            "the fleet's baseline."
        ),
        (
            "Look for options left from an investigation: `nokaslr`, `mitigations=off`, `debug`, "
            "`slub_debug`, `panic_on_warn`."
        ),
        (
            "Options the kernel passed on to user space are in the line `Unknown kernel command line "
            "parameters`."
        ),
    ),
    confused_with=("boot: the banner says which kernel runs, this line with which options",),
    example="""\
[    0.052113] Kernel command line: BOOT_IMAGE=/boot/vmlinuz-6.1.0-13-amd64 root=UUID=7a4e4a6c-52f2-4d43-9d0b-5b0e3a3e0c11 ro console=ttyS0,115200n8 crashkernel=256M""",
    near_miss="""\
[    0.052190] Unknown kernel command line parameters "BOOT_IMAGE=/boot/vmlinuz-6.1.0-13-amd64", will be passed to user space.""",
)
