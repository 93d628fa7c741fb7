"""The network adapter said that a packet's checksum is right, and it is not."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="rx-checksum-fault",
    title="net: hardware checksum failure",
    class_="network",
    severity="error",
    subsystem="net",
    patterns=(
        Pattern(
            literal=": hw csum failure",
            regex=(
                r"(?:(?P<driver>[\w-]{2,32}) (?P<bus_id>[\w:.-]{1,40}) )?(?P<interface>[\w.@-]{1,15})(?: "
                r"\([\w ,]{1,40}\))?: hw csum failure"
            ),
            printed=("hw csum failure",),
        ),
    ),
    fields=(
        Field("driver", "str", "driver of the interface"),
        Field("bus_id", "str", "PCI address or other bus id"),
        Field("interface", "str", "network interface"),
    ),
    key=("driver",),
    continues=(
        "skb ",
        r"mac=\(",
        r"csum\(",
        r"hash\(",
        "dev name=",
        "skb (?:linear|frag|headroom|tailroom)",
    ),
    reach=16,
    printed_by=("net/core/dev.c:netdev_rx_csum_fault",),
    meaning=(
        "The adapter delivered a packet with a computed checksum that contradicts the packet; "
        "software found it when it computed the sum itself. The packet is dropped, and with "
        "frequent errors throughput suffers. The kernel dumps the packet and a stack, once. "
        "Causes: a driver or tunnel that changes a packet without correcting the sum, padding, "
        "firmware, seldom memory."
    ),
    next_steps=(
        "ethtool -K IFACE rx off as an experiment; does it stop",
        "Tunnels, VLANs or XDP programs on the way: which of them changes packets",
        "ethtool -i: driver and firmware; look for fixes around CHECKSUM_COMPLETE in the driver",
    ),
    confused_with=("packet-protocol-buggy: on transmit, at a tap",),
    example=(
        "[ 6110.200010] mlx5_core 0000:5e:00.0 ens2f0np0: hw csum failure\n"
        "[ 6110.200011] skb len=60 headroom=78 headlen=60 tailroom=0"
    ),
    near_miss="[    6.200010] mlx5_core 0000:5e:00.0: MLX5E: StrdRq(1) RqSz(8) StrdSz(2048) RxCqeCmprss(0)",
)
