"""The first process, or the idle task, died; the kernel cannot run without it."""

from kernward.events.kind import Extent, Field, Kind, Pattern

KIND = Kind(
    id="panic-init-killed",
    title="kernel panic: {reason}",
    class_="crash",
    severity="fatal",
    patterns=(
        Pattern(
            literal="Attempted to kill init!",
            regex=(
                r"Kernel panic - not syncing: (?P<reason>Attempted to kill init!)(?: exitcode=0x"
                r"(?P<exit_code>[0-9a-f]+))?"
            ),
        ),
        Pattern(
            literal="Attempted to kill the idle task!",
            regex=r"Kernel panic - not syncing: (?P<reason>Attempted to kill the idle task!)",
        ),
    ),
    fields=(
        Field("reason", "str", "init or the idle task"),
        Field("exit_code", "hex", "its exit code"),
    ),
    key=("reason",),
    extent=Extent.REPORT,
    printed_by=("kernel/exit.c:do_exit",),
    meaning=(
        "Process 1 (systemd, or a container's or initramfs's init) ended, or an oops hit it "
        "or the idle task. The exit code tells how: 0x0000000b is signal 11 (segmentation "
        "fault), 0x00000007 bus error (often the disk under it failed), 0x00000100 a plain "
        "exit with status 1."
    ),
    next_steps=(
        "Decode exitcode: low seven bits are the signal, the next byte the exit status.",
        "Signal 7 or I/O errors before it: the root disk is gone.",
        ("Exit right at boot: wrong or damaged init in the initramfs, missing library, wrong architecture."),
        "An oops before it in init's context is the cause.",
    ),
    confused_with=("panic-no-init: init could not be started at all.",),
    example=(
        "[ 8536.650955] Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000007\n"
        "[ 8536.650959] CPU: 3 PID: 1 Comm: systemd Not tainted 6.1.0-28-amd64 #1  Debian 6.1.119-1\n"
        "[ 8536.650986] Call Trace:\n"
        "[ 8536.650995]  <TASK>\n"
        "[ 8536.651003]  dump_stack_lvl+0x1d3/0x870\n"
        "[ 8536.651020]  panic+0x324/0xa10\n"
        "[ 8536.651029]  do_exit.cold+0x86e/0x9d0\n"
        "[ 8536.651034]  do_group_exit+0x224/0x620\n"
        "[ 8536.651047]  get_signal+0xfc/0x3c0\n"
        "[ 8536.651057]  arch_do_signal_or_restart+0x728/0xb70\n"
        "[ 8536.651115]  </TASK>\n"
        "[ 8536.651140] ---[ end Kernel panic - not syncing: Attempted to kill init! "
        "exitcode=0x00000007 ]---"
    ),
    near_miss="[    7.830627] systemd[1]: Attempted to kill init! ignored",
)
