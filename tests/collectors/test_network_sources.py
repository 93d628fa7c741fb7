"""Sources of the network: real trees, this machine's own sockets, and files that are torn, foreign or hostile."""

import os
import socket
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from kernward.collectors import netlink, tcp_diag
from kernward.collectors.quantity import quantities
from kernward.collectors.root import Root, Unavailable
from kernward.collectors.routes import Routes, Way
from kernward.collectors.sources import (
    conntrack,
    link_speed,
    links,
    neighbour_tables,
    neighbours,
    net_dev,
    net_limits,
    net_namespaces,
    netstat,
    qdiscs,
    snmp,
    snmp6,
    socket_owners,
    sockstat,
    softnet,
    tcp_connections,
    tcp_destinations,
    tcp_listeners,
    udp_sockets,
)
from tests.collectors.made_trees import made

# Copied from machines: the folder's name says which.
TREES = sorted(
    each for each in (Path(__file__).parent / "trees").iterdir() if (each / "proc/net/snmp").exists()
)
every_tree = pytest.mark.parametrize("tree", TREES, ids=lambda each: each.name)
LIVE = Root()


def counted(text: str, protocol: str, name: str) -> int:
    """A counter of snmp or netstat, found another way than the reader finds it."""
    names, values = (line.split() for line in text.splitlines() if line.startswith(f"{protocol}: "))
    return int(values[names.index(name)])


# Counters of protocols


@every_tree
@pytest.mark.parametrize("module", [snmp, netstat], ids=["snmp", "netstat"])
def test_each_counter_has_the_value_that_stands_below_its_name(tree: Path, module: ModuleType) -> None:
    text = (tree / "proc/net" / module.SOURCE.name).read_text()
    found = module.read(Root(tree))
    for field, (protocol, name) in module.WANTED.items():
        if name in text:
            assert getattr(found, field) == counted(text, protocol, name), field


@pytest.mark.parametrize("module", [snmp, netstat], ids=["snmp", "netstat"])
def test_every_field_has_its_counter(module: ModuleType) -> None:
    assert set(module.WANTED) == set(quantities(module.SOURCE.record))


def test_a_counter_that_the_kernel_does_not_have_is_absent_not_zero(tmp_path: Path) -> None:
    found = netstat.read(made(tmp_path, {"proc/net/netstat": "TcpExt: ListenDrops\nTcpExt: 7\n"}))
    assert (found.listen_drops, found.memory_pressures) == (7, None)


@pytest.mark.parametrize(
    "text",
    [
        "Tcp: RetransSegs OutSegs\nTcp: 5",
        "Tcp: RetransSegs OutSegs\nUdp: 5 6\n",
        "Tcp: RetransSegs\n",
        "Tcp: RetransSegs\nTcp: many\n",
        "",
        "\0\xff\n\n\n",
    ],
)
def test_torn_lines_of_counters_are_not_believed(tmp_path: Path, text: str) -> None:
    with pytest.raises(Unavailable, match="names and values"):
        snmp.read(made(tmp_path, {"proc/net/snmp": text.encode("latin1")}))


@every_tree
def test_ipv6_is_read(tree: Path) -> None:
    text = (tree / "proc/net/snmp6").read_text()
    found = snmp6.read(Root(tree))
    values = dict(line.split() for line in text.splitlines())
    assert found.ip_sent == int(values["Ip6OutRequests"])
    assert found.udp_receive_buffer_errors == int(values["Udp6RcvbufErrors"])


@every_tree
def test_sockets_and_their_memory_are_read(tree: Path) -> None:
    words = (tree / "proc/net/sockstat").read_text().split()
    found = sockstat.read(Root(tree))
    at = words.index("TCP:")
    assert words[at + 1 : at + 11 : 2] == ["inuse", "orphan", "tw", "alloc", "mem"]
    assert [
        found.tcp_in_use,
        found.tcp_orphans,
        found.tcp_time_wait,
        found.tcp_allocated,
        found.tcp_memory_pages,
    ] == [int(each) for each in words[at + 2 : at + 11 : 2]]


# Interfaces


@every_tree
def test_each_interface_has_its_traffic(tree: Path) -> None:
    found = net_dev.read(Root(tree), None)
    lines = (tree / "proc/net/dev").read_text().splitlines()[2:]
    assert len(found) == len(lines)
    for line in lines:
        name, values = line.split(":")
        numbers = [int(each) for each in values.split()]
        record = found[name.strip()]
        assert (record.received_bytes, record.receive_drops) == (numbers[0], numbers[3])
        assert (record.sent_bytes, record.sent, record.send_errors, record.send_drops) == tuple(numbers[8:12])
        assert (record.collisions, record.carrier_errors) == (numbers[13], numbers[14])


def test_an_interface_may_be_called_anything(tmp_path: Path) -> None:
    text = b" \x1b[31m\xff: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n torn: 1 2 3\nbad: a b\n"
    assert list(net_dev.read(made(tmp_path, {"proc/net/dev": text}), None)) == ["\x1b[31m\\xff"]


@every_tree
def test_a_link_of_a_copied_tree_is_read_from_sysfs(tree: Path) -> None:
    found = links.read(Root(tree), None)
    at = tree / "sys/class/net/eth0"
    assert found["eth0"].carrier_changes == int((at / "carrier_changes").read_text())
    assert found["eth0"].carrier_losses == int((at / "carrier_down_count").read_text())
    assert found["eth0"].state == (at / "operstate").read_text().strip()
    assert (found["lo"].up, found["lo"].mtu_bytes) == (1, 65536)


def test_this_machines_links_are_as_sysfs_says() -> None:
    for name, record in links.read(LIVE, None).items():
        at = Path("/sys/class/net", name)
        if not at.exists():
            continue
        assert record.index == int((at / "ifindex").read_text()), name
        assert record.mtu_bytes == int((at / "mtu").read_text()), name
        assert record.carrier_changes == int((at / "carrier_changes").read_text()), name
        assert record.state == (at / "operstate").read_text().strip(), name


def test_only_hardware_has_a_speed(tmp_path: Path) -> None:
    root = made(
        tmp_path,
        {
            "sys/class/net/eth0/speed": "10000\n",
            "sys/class/net/eth0/duplex": "full\n",
            "sys/class/net/eth0/device/vendor": "",
            "sys/class/net/eth1/speed": "-1\n",
            "sys/class/net/eth1/device/vendor": "",
            "sys/class/net/veth0/speed": "10000\n",
            "sys/class/net/wlan0/speed": "100\n",
            "sys/class/net/wlan0/device/vendor": "",
            "sys/class/net/wlan0/wireless/link": "",
        },
    )
    assert link_speed.read(root, None) == {"eth0": link_speed.LinkSpeed(1.25e9, "full")}


# Queueing disciplines


def attribute(kind: int, data: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(data), kind) + data + b"\0" * (-len(data) % 4)


def discipline(kind: str, options: bytes, drops: int = 0) -> qdiscs.Qdisc:
    """As the kernel would answer."""
    queue = struct.pack("=IIIII", 3, 4500, drops, 0, 17)
    stats = attribute(1, struct.pack("=QI", 150_000, 100)) + attribute(3, queue)
    told = netlink.attributes(
        memoryview(attribute(1, kind.encode() + b"\0") + attribute(2, options) + attribute(0x8007, stats))
    )
    return qdiscs.qdisc("app0", kind, 0x80010000, "root", told)


def test_netem_says_its_delay_and_its_loss() -> None:
    options = struct.pack("=IIIIII", 1, 1000, 0xFFFFFFFF // 10, 0, 0, 0)
    options += attribute(10, struct.pack("=q", 100_000_000)) + attribute(11, struct.pack("=q", 5_000_000))
    found = discipline("netem", options, drops=12)
    assert (found.delay_s, found.jitter_s, found.most_waiting) == (0.1, 0.005, 1000)
    assert found.loss_percent == pytest.approx(10.0)
    assert (found.sent, found.drops, found.waiting, found.overlimits) == (100, 12, 3, 17)


def test_netems_model_of_bursts_of_loss_comes_to_a_share() -> None:
    unit = 0xFFFFFFFF // 100
    model = attribute(2, struct.pack("=IIII", 5 * unit, 15 * unit, 0, 0))
    options = struct.pack("=IIIIII", 0, 1000, 0, 0, 0, 0) + attribute(5, model)
    assert discipline("netem", options).loss_percent == pytest.approx(25.0, rel=0.01)


def test_a_token_bucket_says_its_rate() -> None:
    options = attribute(1, struct.pack("=BBHhHI", 0, 0, 0, 0, 0, 125_000) + bytes(24))
    assert discipline("tbf", options).rate_bytes_per_s == 125_000.0


def test_a_discipline_of_a_kind_that_nobody_knows_still_counts() -> None:
    found = discipline("sch\x1b[2J", b"\0" * 3, drops=2)
    assert (found.drops, found.delay_s, found.loss_percent) == (2, None, None)


def test_this_machines_disciplines_can_be_asked_for() -> None:
    for name, record in qdiscs.read(LIVE, None).items():
        assert name == f"{record.interface} {record.parent}"
        assert record.drops is not None
        assert record.drops >= 0


PRINTED = """qdisc noqueue 0: dev lo root refcnt 2
qdisc netem 8001: dev app0 root refcnt 2 limit 1000 delay 100ms  10ms loss 12.5%
 Sent 54559 bytes 360 pkt (dropped 41, overlimits 0 requeues 2)
 backlog 139288b 64p requeues 0
qdisc fq_codel 0: dev eth0 parent :1 limit 10240p flows 1024
 Sent 9 bytes 1 pkt (dropped 0, overlimits 0 requeues 0)
qdisc \x1b[2J
"""


def test_what_tc_printed_into_a_sosreport_is_read(tmp_path: Path) -> None:
    found = qdiscs.read(made(tmp_path, {qdiscs.COPY: PRINTED}), None)
    assert list(found) == ["app0 root", "eth0 0:1"]
    app0 = found["app0 root"]
    assert (app0.kind, app0.delay_s, app0.jitter_s, app0.loss_percent) == ("netem", 0.1, 0.01, 12.5)
    assert (app0.sent, app0.drops, app0.requeues, app0.waiting) == (360, 41, 2, 64)


def test_a_copied_tree_without_it_has_no_disciplines(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="only the running kernel"):
        qdiscs.read(Root(tmp_path), None)


# Netlink's form


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x04",
        struct.pack("=HH", 3, 1),
        struct.pack("=HH", 0, 1) + b"abcd",
        struct.pack("=HH", 60000, 1) + b"abcd",
    ],
)
def test_attributes_that_lie_about_their_length_end_the_list(data: bytes) -> None:
    assert netlink.attributes(memoryview(data)) == {}


def test_what_the_kernel_refuses_is_said() -> None:
    with pytest.raises(Unavailable, match=r"no such thing: .* \(netlink\)"):
        list(netlink.dump(LIVE, netlink.ROUTE, 999, b"", "no such thing"))


# CPUs and tables


@every_tree
def test_each_cpu_has_its_line_of_softnet(tree: Path) -> None:
    lines = (tree / "proc/net/softnet_stat").read_text().splitlines()
    found = softnet.read(Root(tree), None)
    assert set(found) == {f"cpu{number}" for number in range(len(lines))}
    for number, line in enumerate(lines):
        record = found[f"cpu{number}"]
        words = [int(each, 16) for each in line.split()]
        assert [record.processed, record.dropped, record.squeezed] == words[:3]
        assert record.backlog == words[11]


def test_old_lines_of_softnet_are_shorter(tmp_path: Path) -> None:
    text = "0000000a 00000001 00000002 00000000 00000000 00000000 00000000 00000000 00000000\n"
    found = softnet.read(made(tmp_path, {"proc/net/softnet_stat": text}), None)
    assert found == {"cpu0": softnet.Softnet(processed=10, dropped=1, squeezed=2)}


@every_tree
def test_counters_of_cpus_are_added_and_entries_are_not(tree: Path) -> None:
    rows = [line.split() for line in (tree / "proc/net/stat/arp_cache").read_text().splitlines()]
    found = neighbour_tables.read(Root(tree), None)["arp_cache"]
    assert found.entries == int(rows[1][0], 16)
    assert found.allocations == sum(int(row[1], 16) for row in rows[1:])
    assert found.most == int((tree / "proc/sys/net/ipv4/neigh/default/gc_thresh3").read_text())


def test_conntrack_counts_what_it_drops(tmp_path: Path) -> None:
    root = made(
        tmp_path,
        {
            "proc/sys/net/netfilter/nf_conntrack_count": "63\n",
            "proc/sys/net/netfilter/nf_conntrack_max": "64\n",
            "proc/net/stat/nf_conntrack": "entries  drop early_drop\n0000003f 0000000a 00000001\n"
            "0000003f 00000010 00000000\n",
        },
    )
    found = conntrack.read(root)
    assert (found.entries, found.most, found.dropped, found.early_dropped) == (63, 64, 26, 1)


def test_conntrack_is_absent_where_nothing_tracks(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="not tracked"):
        conntrack.read(Root(tmp_path))


def test_reserved_ports_are_counted_within_the_range(tmp_path: Path) -> None:
    root = made(
        tmp_path,
        {
            "proc/sys/net/ipv4/ip_local_port_range": "32768\t60999\n",
            "proc/sys/net/ipv4/ip_local_reserved_ports": "8080,32000-32770,60999-61010\n",
        },
    )
    assert net_limits.read(root).reserved_local_ports == 4


@every_tree
def test_neighbours_are_counted_by_interface(tree: Path) -> None:
    lines = (tree / "proc/net/arp").read_text().splitlines()[1:]
    found = neighbours.read(Root(tree), None)
    assert sum(each.entries for each in found.values()) == len(lines)


def test_neighbours_that_do_not_answer_are_told(tmp_path: Path) -> None:
    text = (
        "IP address       HW type     Flags       HW address            Mask     Device\n"
        "10.30.1.1        0x1         0x0         00:00:00:00:00:00     *        storage0\n"
        "10.30.1.2        0x1         0x2         52:54:00:00:00:01     *        storage0\n"
        "10.30.1.3        0x1         0x\n"
    )
    found = neighbours.read(made(tmp_path, {"proc/net/arp": text}), None)
    assert (found["storage0"].entries, found["storage0"].unanswered) == (2, 1)


# Sockets


@every_tree
def test_sockets_of_a_copied_tree_come_from_procfs(tree: Path) -> None:
    """Each tree was copied while three connections waited to be accepted at port 8080."""
    root = Root(tree)
    (listener,) = (each for each in tcp_listeners.read(root, None).values() if each.port == 8080)
    assert (listener.waiting, listener.most_waiting) == (3, None)
    found = tcp_connections.read(root, None)
    assert len(found) == 6
    assert {each.interface for each in found.values()} == {"lo"}


def test_ipv6_and_udp_sockets_of_a_copied_tree_are_read() -> None:
    root = Root(Path(__file__).parent / "trees/host-6.18")
    assert "[::1]:8443" in tcp_listeners.read(root, None)
    udp = udp_sockets.read(root, None)["127.0.0.1:5353"]
    assert udp.drops
    assert udp.receive_queue_bytes


def test_hostile_lines_of_sockets_are_left_out() -> None:
    for line in (
        b"",
        b"0: 0100007F:1F90",
        b"0: 01000:1F90 00000000:0000 0A 00000000:00000003 00:00000000 00000000 0 0 1 1 0",
        b"0: 0100007F:zz 00000000:0000 0A 00000000:00000003 00:00000000 00000000 0 0 1 1 0",
    ):
        assert tcp_diag.parsed(line, (tcp_diag.LISTEN,)) is None


@pytest.fixture
def listening() -> Iterator[tuple[socket.socket, list[socket.socket]]]:
    """A socket that listens with room for two connections, and three that want to be accepted."""
    with socket.create_server(("127.0.0.1", 0), backlog=2) as server:
        clients = [socket.create_connection(server.getsockname()) for _ in range(3)]
        yield server, clients
        for client in clients:
            client.close()


def test_connections_that_wait_to_be_accepted_are_counted(
    listening: tuple[socket.socket, list[socket.socket]],
) -> None:
    server, _ = listening
    found = tcp_listeners.read(LIVE, None)[f"127.0.0.1:{server.getsockname()[1]}"]
    assert found.waiting == 3
    assert found.most_waiting in (2, None)  # procfs does not tell


def test_a_connection_knows_its_interface_and_both_ends(
    listening: tuple[socket.socket, list[socket.socket]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tcp_connections, "MOST", 1 << 30)
    server, clients = listening
    port = server.getsockname()[1]
    name = f"127.0.0.1:{clients[0].getsockname()[1]} > 127.0.0.1:{port}"
    found = tcp_connections.read(LIVE, None)[name]
    assert (found.interface, found.direct, found.remote_port) == ("lo", 1, port)


def test_a_sockets_owner_is_found_by_its_inode(
    listening: tuple[socket.socket, list[socket.socket]],
) -> None:
    inode = str(os.fstat(listening[0].fileno()).st_ino)
    found = socket_owners.read(LIVE, [inode, "1"])
    assert list(found) == [inode]
    assert found[inode].pid == os.getpid()


def test_round_trips_are_read_from_the_kernels_own_structure() -> None:
    info = bytearray(232)
    for offset, value in {8: 204_000, 68: 100_500, 72: 250, 100: 7, 148: 100_000, 156: 900, 216: 2}.items():
        struct.pack_into("=I", info, offset, value)
    info[2] = 3
    found = tcp_connections.told(bytes(info))
    assert (found["round_trip_s"], found["least_round_trip_s"]) == (0.1005, 0.1)
    assert (found["segments_retransmitted"], found["segments_sent"], found["needless_retransmits"]) == (
        7,
        900,
        2,
    )
    assert (found["timeout_s"], found["retries"]) == (0.204, 3)


def test_an_older_kernels_shorter_structure_lacks_the_newer_fields() -> None:
    found = tcp_connections.told(bytes(104))
    assert "segments_retransmitted" in found
    assert "segments_sent" not in found
    assert "busy_s" not in found


def test_of_too_many_connections_the_same_ones_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tcp_connections, "MOST", 100)
    lines = [
        f"{number}: 0100007F:{number:04X} 0100007F:1F90 01 00000000:00000000 00:00000000 00000000"
        f" 0 0 {number} 1 0000000000000000 20 4 30 10 -1"
        for number in range(1, 801)
    ]

    def read(lines: list[str]) -> set[str]:
        files = {
            "proc/net/tcp": "\n".join(["sl", *lines]),
            "proc/net/sockstat": f"TCP: inuse {len(lines)} orphan 0 tw 0 alloc 9 mem 1\n",
        }
        return set(tcp_connections.read(made(tmp_path, files), None))

    whole, fewer = read(lines), read(lines[40:])
    assert 50 < len(whole) < 200
    assert fewer < whole


def test_ports_that_run_out_are_counted_by_destination(tmp_path: Path) -> None:
    lines = [
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode"
    ]
    for number in range(8):
        lines.append(
            f"{number}: 0100007F:{30000 + number:04X} 0100007F:20FB 01 00000000:00000000 00:00000000 00000000"
            f" 0 0 {100 + number} 1 0000000000000000 20 4 30 10 -1"
        )
    lines.append(
        "9: 0100007F:7530 0200007F:0050 01 00000000:00000000 00:00000000 00000000 0 0 99 1 0 20 4 30 10 -1"
    )
    root = made(
        tmp_path,
        {
            "proc/net/tcp": "\n".join(lines) + "\n",
            "proc/net/sockstat": "TCP: inuse 9 orphan 0 tw 0 alloc 9 mem 1\n",
            "proc/sys/net/ipv4/ip_local_port_range": "30000 30007\n",
        },
    )
    found = tcp_destinations.read(root, None)
    assert list(found) == ["127.0.0.1 > 127.0.0.1:8443"]
    record = found["127.0.0.1 > 127.0.0.1:8443"]
    assert (record.ports_taken, record.ports, record.in_time_wait) == (8, 8, 0)
    assert "107" in record.inodes.split(",")


def test_sockets_are_not_listed_where_ports_abound(tmp_path: Path) -> None:
    root = made(
        tmp_path,
        {
            "proc/net/sockstat": "TCP: inuse 900 orphan 0 tw 0 alloc 9 mem 1\n",
            "proc/sys/net/ipv4/ip_local_port_range": "32768 60999\n",
        },
    )
    # /proc/net/tcp is not there: reading it would fail
    assert tcp_destinations.read(root, None) == {}


# Other namespaces


def test_namespaces_are_told_by_a_process_that_lives_there(tmp_path: Path) -> None:
    root = made(
        tmp_path,
        {
            "proc/812/comm": "redis\n",
            "proc/812/net/snmp": "Tcp: OutSegs RetransSegs\nTcp: 900 40\n",
            "proc/812/net/netstat": "TcpExt: ListenOverflows\nTcpExt: 7\n",
            "proc/900/comm": "redis\n",
            "proc/1000/comm": "ended\n",
        },
    )
    own, container, other = "net:[4026531840]", "net:[4026532201]", "net:[4026532300]"
    for pid, namespace in (
        ("self", own),
        ("1", own),
        ("812", container),
        ("900", container),
        ("1000", other),
    ):
        folder = tmp_path / "proc" / pid / "ns"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "net").symlink_to(namespace)
    found = net_namespaces.read(root, None)
    assert list(found) == [container]
    record = found[container]
    assert (record.pid, record.name, record.processes) == (812, "redis", 2)
    assert (record.tcp_segments_retransmitted, record.listen_overflows, record.udp_received) == (40, 7, None)


def test_this_machines_own_namespace_is_no_other_one() -> None:
    assert os.readlink("/proc/self/ns/net") not in net_namespaces.read(LIVE, None)


# Routes


def test_the_longest_prefix_of_a_copied_table_wins(tmp_path: Path) -> None:
    table = (
        "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n"
        "eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
        "eth1\t0000140A\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n"
    )
    routes = Routes(made(tmp_path, {"proc/net/route": table}))
    assert routes.way("10.20.3.4") == Way("eth1", direct=True)
    assert routes.way("198.51.100.1") == Way("eth0", direct=False)


def test_this_machine_knows_the_way_to_itself() -> None:
    assert Routes(LIVE).way("127.0.0.1") == Way("lo", direct=True)


def test_a_sample_of_the_network_costs_little() -> None:
    every = (snmp, netstat, snmp6, sockstat, softnet, net_dev, conntrack, neighbour_tables, links, qdiscs)
    began = time.process_time()
    for module in every:
        try:
            module.SOURCE.read(*((LIVE,) if module.SOURCE.scope == "host" else (LIVE, None)))
        except Unavailable:
            continue
    # They take about 0.5 ms; a tenth of what a sample may is a mistake.
    assert time.process_time() - began < 0.04
