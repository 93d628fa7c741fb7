"""KASAN caught an access to memory that was freed, out of bounds or never valid."""

import re

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern
from kernward.events.reading import Reading

_ACCESS = re.compile(
    r"(?P<access>Read|Write) (?:of size (?P<size>\d+)(?: at addr (?P<address>[0-9a-f]+))?|"
    r"at addr (?P<tagged>[0-9a-f]+))"
    r"(?: by task (?P<comm>.{1,16})/(?P<pid>\d+))?"
)
# What differs between two headers of one bug.
_INSTANCE = (
    (re.compile(r"\+0x[0-9a-f]+/0x[0-9a-f]+"), ""),
    (re.compile(r"\b(?:0x)?[0-9a-f]{8,16}\b"), "ADDR"),
    (re.compile(r"(?<![A-Za-z0-9_])\d+"), "NUM"),
)


def read(reading: Reading) -> None:
    """The access is told on a line of its own; frees have none."""
    fields = reading.fields
    reading.header_names = True
    if fields["bug"] in ("double-free", "invalid-free", "double-free or invalid-free"):
        reading.title = "KASAN: invalid-free in {function}"
        reading.title_without_function = "KASAN: invalid-free in corrupted"
        reading.alt_titles = ("invalid-free in {function}",)
        return
    for text in reading.texts[:24]:
        if found := _ACCESS.search(text):
            fields["access"] = found["access"]
            fields["size_bytes"] = int(found["size"]) if found["size"] else None
            if address := found["address"] or found["tagged"]:
                fields["address"] = int(address, 16)
            fields["comm"] = found["comm"]
            fields["pid"] = int(found["pid"]) if found["pid"] else None
            reading.title = "KASAN: {bug} {access} in {function}"
            reading.title_without_function = "KASAN: {bug} {access}"
            return
    reading.corrupted_reason = "the line that tells whether it was a read or a write is missing"
    # Without it the community takes the rest of the header for a name.
    header = reading.texts[0].split("BUG: KASAN: ", 1)[-1].strip()
    for pattern, instead in _INSTANCE:
        header = pattern.sub(instead, header)
    reading.alt_titles = (*reading.alt_titles, "KASAN: " + header.replace("{", "(").replace("}", ")"))


KIND = Kind(
    id="kasan",
    title="KASAN: {bug} in {function}",
    alt_titles=("bad-access in {function}",),
    title_without_function="KASAN: {bug}",
    class_="crash",
    severity="error",
    patterns=(
        # A symbolised log repeats the header for each inlined function.
        Pattern(
            literal="BUG: KASAN: ",
            regex=(
                r"BUG: (?![^\n]{0,400}\[inline\])"
                r"KASAN: (?P<bug>[a-z][a-z-]{2,40}(?: or [a-z-]{3,20})?)(?: in "
                r"(?P<at_function>[\w.$]+)| on address|$|:)"
            ),
            unprinted="CONFIG_KASAN is off in Debian's kernels",
        ),
    ),
    fields=(
        Field("bug", "str", "what was wrong with the access"),
        Field("at_function", "str", "the function that made the access"),
        Field("access", "str", "Read or Write"),
        Field("size_bytes", "int", "bytes accessed"),
        Field("address", "hex", "the address accessed"),
        Field("comm", "str", "the task that ran"),
        Field("pid", "int", "its pid"),
    ),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    absorbs=("page-fault", "oops", "slab-corruption", "slab-track"),
    read=read,
    printed_by=(
        "mm/kasan/report.c:print_error_description",
        "mm/kasan/report_generic.c",
    ),
    meaning=(
        "The kernel address sanitizer checks every access against a map of what is "
        "allocated. This access was to freed memory (use-after-free), beyond an object "
        "(out-of-bounds), through a wild or NULL pointer, or a pointer was freed twice. The "
        "report says who accessed, who allocated the object and who freed it; memory may be "
        "damaged from here on."
    ),
    next_steps=(
        (
            "Compare the three stacks: access, allocation, free. The bug is the missing "
            "reference or lock between free and access."
        ),
        ("`The buggy address is located N bytes to the right of` tells how far beyond an object it was."),
        "`scripts/decode_stacktrace.sh vmlinux < report` gives lines.",
        "Only the first report of a boot is trustworthy unless kasan_multi_shot is set.",
    ),
    confused_with=(
        "kfence: sampling checker of production kernels, same bugs.",
        "ubsan: an index out of the declared bounds, not of the allocation.",
    ),
    example=(
        "[ 7987.572476][  T712] ==================================================================\n"
        "[ 7987.572487][  T712] BUG: KASAN: slab-use-after-free in icmpv6_route_lookup+0x4ac/0x5e0\n"
        "[ 7987.572506][  T712] Read of size 8 at addr ffff88801a2f80d0 by task ping6/712\n"
        "[ 7987.572522][  T712]\n"
        "[ 7987.572539][  T712] CPU: 3 PID: 712 Comm: ping6 Not tainted 6.9.0-rc4-dbg+ #3\n"
        "[ 7987.572564][  T712] Call Trace:\n"
        "[ 7987.572584][  T712]  <TASK>\n"
        "[ 7987.572601][  T712]  dump_stack_lvl+0xa09/0xcf0\n"
        "[ 7987.572608][  T712]  print_report+0x120/0x1c0\n"
        "[ 7987.572625][  T712]  kasan_report+0x901/0x920\n"
        "[ 7987.572629][  T712]  icmpv6_route_lookup+0x236/0x610\n"
        "[ 7987.572644][  T712]  icmp6_send+0x9db/0xb00\n"
        "[ 7987.572656][  T712]  ip6_pkt_drop+0x199/0xc10\n"
        "[ 7987.572812][  T712]  </TASK>\n"
        "[ 7987.572827][  T712]\n"
        "[ 7987.572830][  T712] Allocated by task 655:\n"
        "[ 7987.572833][  T712]  kasan_save_stack+0x65a/0xc10\n"
        "[ 7987.572838][  T712]  kasan_save_track+0x4ff/0x8d0\n"
        "[ 7987.572848][  T712]  __kasan_slab_alloc+0x148/0x8d0\n"
        "[ 7987.572859][  T712]  kmem_cache_alloc+0x27b/0x380\n"
        "[ 7987.572875][  T712]  dst_alloc+0x150/0x1b0\n"
        "[ 7987.572882][  T712]  ip6_rt_pcpu_alloc+0x554/0x660\n"
        "[ 7987.572938][  T712]\n"
        "[ 7987.572954][  T712] Freed by task 17:\n"
        "[ 7987.572960][  T712]  kasan_save_stack+0x3b9/0x950\n"
        "[ 7987.572978][  T712]  kasan_save_track+0x9a/0x360\n"
        "[ 7987.572991][  T712]  kasan_save_free_info+0x618/0xd10\n"
        "[ 7987.573007][  T712]  __kasan_slab_free+0xb8b/0xd90\n"
        "[ 7987.573019][  T712]  kmem_cache_free+0x1fe/0x310\n"
        "[ 7987.573026][  T712]  dst_destroy+0x1db/0x3a0\n"
        "[ 7987.573083][  T712]\n"
        "[ 7987.573090][  T712] The buggy address belongs to the object at ffff88801a2f80c0\n"
        "[ 7987.573102][  T712]  which belongs to the cache ip6_dst_cache of size 232\n"
        "[ 7987.573118][  T712] The buggy address is located 16 bytes inside of\n"
        "[ 7987.573133][  T712]  freed 232-byte region [ffff88801a2f80c0, ffff88801a2f81a8)\n"
        "[ 7987.573144][  T712]\n"
        "[ 7987.573162][  T712] Memory state around the buggy address:\n"
        "[ 7987.573181][  T712]  ffff88801a2f8000: fb fb fb fb fb fb fb fb fb fb fb fb fb fb fb fb\n"
        "[ 7987.573198][  T712] >ffff88801a2f8080: fc fc fc fc fc fc fc fc fa fb fb fb fb fb fb fb\n"
        "[ 7987.573202][  T712]                                                  ^\n"
        "[ 7987.573205][  T712] =================================================================="
    ),
    near_miss="[    0.000000] kasan: KernelAddressSanitizer initialized (generic)",
)
