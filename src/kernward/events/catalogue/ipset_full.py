"""An ip_set cannot take another element."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="ipset-full",
    title="ipset: set is full",
    class_="resource",
    severity="warning",
    subsystem="netfilter",
    patterns=(
        Pattern(
            literal="is full, maxelem ",
            regex=r"(?:\w+: )?Set (?P<set>\S{1,32}) is full, maxelem (?P<limit>\d+) reached",
            printed=("Set %s is full, maxelem %u reached",),
        ),
    ),
    fields=(
        Field("set", "str", "name of the set"),
        Field("limit", "int", "its maxelem"),
    ),
    printed_by=("net/netfilter/ipset/ip_set_hash_gen.h:mtype_add",),
    meaning=(
        "A rule or a program tried to add an element to a hash set. It holds maxelem elements "
        "already. The element is not added, so the firewall, network policy or block list that "
        "uses the set is incomplete: it lets through or drops the wrong packets."
    ),
    next_steps=(
        "ipset list SET -t: size, maxelem, references",
        "Re-create the set larger and swap: ipset create … maxelem N; ipset swap",
        "Why it grows: no timeout on its elements, or far more pods or addresses than planned",
    ),
    confused_with=("conntrack-table-full: connections, not set elements",),
    example="[73011.410010] Set KUBE-DST-3YNVZWWGX3UQQ4VQ is full, maxelem 65536 reached",
    near_miss="[   13.410010] ip_set: protocol 7",
)
