"""A memory function wrote beyond the structure member it was given, though not beyond the object."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="fortify-field-spanning",
    title="WARNING in {function}",
    title_without_function="WARNING in corrupted",
    class_="crash",
    severity="warning",
    patterns=(
        Pattern(
            literal=": detected field-spanning write (size ",
            regex=(
                r"(?P<operation>mem\w+): detected field-spanning write \(size (?P<size_bytes>\d+)\) of "
                r"single field \"(?P<member>[^\"\n]{1,120})\"(?: at (?P<at_file>[^\s:]{1,200}):"
                r"(?P<at_line>\d+))? \(size (?P<member_bytes>\d+)\)"
            ),
        ),
    ),
    fields=(
        Field("operation", "str", "memcpy, memset or memmove"),
        Field("size_bytes", "int", "bytes that were written"),
        Field("member", "str", "the destination, as it stands in the source"),
        Field("at_file", "str", "source file of the call"),
        Field("at_line", "int", "line of the call"),
        Field("member_bytes", "int", "size of the member"),
    ),
    key=("member",),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    absorbs=("warning",),
    printed_by=("include/linux/fortify-string.h:fortify_memcpy_chk",),
    meaning=(
        "memcpy(), memset() or memmove() was given one member of a structure as its destination and a "
        "length larger than that member. The kernel warns once for each place and carries the write "
        "out. Mostly it is old style, a trailing array declared with one element or a deliberate copy "
        "over several members, and harmless. It is a real overflow when the length comes from outside "
        "and was not checked."
    ),
    next_steps=(
        "Read the call at the printed file and line: is the excess meant to go into the following members?",
        "A trailing array: upstream has probably made it a flexible array member, `git log -- <file>`.",
        "A length from a device, a packet or user space: treat it as a security bug.",
    ),
    confused_with=("fortify: the write would have left the object and was stopped.",),
    example=(
        "[ 1861.779968] ------------[ cut here ]------------\n"
        "[ 1861.779972] memcpy: detected field-spanning write (size 104) of single field "
        '"&cmd->data" at drivers/net/wireless/acme/cmd.c:211 (size 16)\n'
        "[ 1861.779978] WARNING: CPU: 3 PID: 1699 at drivers/net/wireless/acme/cmd.c:211 "
        "acme_send_cmd+0x1f1/0x240 [acme]\n"
        "[ 1861.779984] Modules linked in: xfs libcrc32c bonding tls intel_rapl_msr kvm_intel kvm "
        "irqbypass igb\n"
        "[ 1861.780003] CPU: 3 PID: 1699 Comm: iwconfig Not tainted 6.1.0-28-amd64 #1  Debian "
        "6.1.119-1\n"
        "[ 1861.780034] RIP: 0010:acme_send_cmd+0x1f1/0x240 [acme]\n"
        "[ 1861.780171] Call Trace:\n"
        "[ 1861.780185]  <TASK>\n"
        "[ 1861.780201]  acme_set_rate+0x12/0x50 [acme]\n"
        "[ 1861.780219]  cfg80211_wext_siwrate+0x155/0x9a0 [cfg80211]\n"
        "[ 1861.780230]  wireless_process_ioctl+0x17d/0x1e0\n"
        "[ 1861.780233]  wext_handle_ioctl+0x4e/0x790\n"
        "[ 1861.780245]  sock_ioctl+0x4a/0x50\n"
        "[ 1861.780254]  __x64_sys_ioctl+0x4c9/0xae0\n"
        "[ 1861.780312]  </TASK>\n"
        "[ 1861.780328] ---[ end trace 0000000000000000 ]---"
    ),
    near_miss="[   12.410022] acme: field-spanning write (size 104) of single field is allowed",
)
