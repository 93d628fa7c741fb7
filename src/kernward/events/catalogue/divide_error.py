"""The kernel divided by zero, or the quotient did not fit."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="divide-error",
    title="divide error in {function}",
    title_without_function="divide error in corrupted",
    class_="crash",
    severity="error",
    patterns=(
        Pattern(
            literal="divide error: ",
            regex=r"(?:Oops: )?divide error: (?P<error_code>[0-9a-f]{4}) \[#(?P<oops>\d+)\]",
            printed=("divide error",),
        ),
        # For a while in 5.8 to 5.9 the name of the handler was printed.
        Pattern(
            literal="divide_error: ",
            regex=r"divide_error: (?P<error_code>[0-9a-f]{4}) \[#(?P<oops>\d+)\]",
            unprinted="the wording of 5.8 and 5.9 only",
        ),
        Pattern(
            literal="Division by zero in kernel",
            regex=r"Division by zero in kernel\.",
            unprinted="printed by 32-bit arm only",
        ),
    ),
    fields=(
        Field("error_code", "hex", "the CPU's error code"),
        Field("oops", "int", "how many oopses this boot has had"),
    ),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    absorbs=("oops",),
    printed_by=("arch/x86/kernel/traps.c:exc_divide_error",),
    meaning=(
        "An integer division in kernel code had a divisor of zero (or, rarely, overflowed). "
        "The divisor usually comes from user space, a device or a file system image and was "
        "never checked; or a counter was reset between check and use. The task was killed."
    ),
    next_steps=(
        "`scripts/faddr2line vmlinux <function+offset>`: see which variable is the divisor.",
        (
            "Find where that value is set from a system call, a device descriptor or an on-disk "
            "structure and is not validated."
        ),
        "`git log -S'<variable>' -- <file>` upstream for an added check.",
    ),
    confused_with=("ubsan: `division-overflow` reports the same before the CPU faults.",),
    example=(
        "[ 3726.771577] divide error: 0000 [#1] PREEMPT SMP PTI\n"
        "[ 3726.771585] CPU: 4 PID: 24635 Comm: aplay Not tainted 6.1.0-28-amd64 #1  Debian 6.1.119-1\n"
        "[ 3726.771614] RIP: 0010:snd_pcm_hw_rule_muldivk+0x17f/0x5c0 [snd_pcm]\n"
        "[ 3726.771744] Call Trace:\n"
        "[ 3726.771762]  <TASK>\n"
        "[ 3726.771774]  snd_pcm_hw_refine+0x35d/0x990 [snd_pcm]\n"
        "[ 3726.771787]  snd_pcm_common_ioctl+0x1bb/0x420 [snd_pcm]\n"
        "[ 3726.771792]  snd_pcm_ioctl+0x12a/0xbb0 [snd_pcm]\n"
        "[ 3726.771811]  __x64_sys_ioctl+0x2ac/0x2b0\n"
        "[ 3726.771825]  do_syscall_64+0x663/0xb80\n"
        "[ 3726.771838]  entry_SYSCALL_64_after_hwframe+0x4fe/0xbd0\n"
        "[ 3726.771876]  </TASK>\n"
        "[ 3726.771881] Modules linked in: xfs libcrc32c bonding tls intel_rapl_msr kvm_intel kvm "
        "irqbypass igb\n"
        "[ 3726.771892] ---[ end trace 0000000000000000 ]---"
    ),
    near_miss=(
        "[   88.127712] traps: calc[712] trap divide error ip:401136 sp:7ffd0 error:0 in calc[401000+1000]"
    ),
)
