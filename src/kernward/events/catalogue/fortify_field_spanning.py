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
                r"single field \"(?P<member>[^\"\n]{1,120})\"(?: at (?P<at_file>[^\s:]{1,200}):(?P<at_line>\d+))? "
                r"\(size (?P<member_bytes>\d+)\)"
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
        "[   12.410022] memcpy: detected field-spanning write (size 104) of single field "
        '"&cmd->data" at drivers/net/wireless/acme/cmd.c:211 (size 16)\n'
        "[   12.410040] WARNING: CPU: 2 PID: 611 at drivers/net/wireless/acme/cmd.c:211 "
        "acme_send_cmd+0x1f1/0x240 [acme]"
    ),
    near_miss="[   12.410022] acme: field-spanning write (size 104) of single field is allowed",
)
