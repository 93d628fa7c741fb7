"""A triage as a fleet of twelve hosts would give it, written by hand: what the page is looked at with.

The reports are in the form that kernels 6.1 and 6.12 print, of faults that never happened.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from kernward.records.events import Cause, Event, Frame, Report, Signature, SkippedFrame, Stack, TaintFlag
from kernward.records.problems import (
    Link,
    Problem,
    Sighting,
    StateCount,
    TimeBin,
    Timeline,
    Totals,
    Triage,
    Unseen,
)

START = datetime(2026, 11, 18, 22, 0, tzinfo=UTC)
HOSTS = tuple(f"db{n:02}.ams3.example.net" for n in range(1, 8)) + tuple(
    f"web{n:02}.ams3.example.net" for n in range(1, 6)
)
OLD, NEW = "6.1.0-32-cloud-amd64", "6.12.57+deb13-cloud-amd64"

NULL_POINTER = """\
BUG: kernel NULL pointer dereference, address: 0000000000000018
#PF: supervisor read access in kernel mode
#PF: error_code(0x0000) - not-present page
PGD 0 P4D 0
Oops: Oops: 0000 [#1] SMP NOPTI
CPU: 3 UID: 0 PID: 812 Comm: kworker/3:1H Tainted: G        W          6.12.57+deb13-cloud-amd64 #1 Debian 6.12.57-1
Tainted: [W]=WARN
Hardware name: Example Systems R2215/MB-2215, BIOS 4.11 03/02/2026
Workqueue: kblockd blk_mq_timeout_work
RIP: 0010:sbitmap_queue_clear+0x1c/0x60
Code: 90 90 90 90 90 90 90 90 f3 0f 1e fa 0f 1f 44 00 00 41 54 55 53 48 89 fb <8b> 4f 18 89 f5 41 89 d4 d3 ed 48
RSP: 0018:ffffb1c4c0e3bd58 EFLAGS: 00010246
RAX: 0000000000000000 RBX: 0000000000000000 RCX: 0000000000000000
RDX: 0000000000000003 RSI: 00000000000001a7 RDI: 0000000000000000
RBP: ffff9a4183f10000 R08: 0000000000000001 R09: 0000000000000000
R10: 0000000000000000 R11: 0000000000000000 R12: ffff9a4181b6e800
R13: ffff9a4183f10118 R14: 0000000000000000 R15: ffff9a41836e2c00
FS:  0000000000000000(0000) GS:ffff9a48ffcc0000(0000) knlGS:0000000000000000
CS:  0010 DS: 0000 ES: 0000 CR0: 0000000080050033
CR2: 0000000000000018 CR3: 000000010a02a005 CR4: 0000000000770ef0
PKRU: 55555554
Call Trace:
 <TASK>
 __blk_mq_free_request+0x5d/0xe0
 nvme_complete_batch_req+0x44/0xb0 [nvme_core]
 nvme_timeout+0x1d1/0x480 [nvme]
 ? __pfx_blk_mq_check_expired+0x10/0x10
 blk_mq_handle_expired+0x6a/0xa0
 bt_iter+0x87/0xa0
 blk_mq_queue_tag_busy_iter+0x32b/0x5c0
 ? __pfx_blk_mq_check_expired+0x10/0x10
 blk_mq_timeout_work+0x1a3/0x1f0
 process_one_work+0x174/0x330
 worker_thread+0x252/0x390
 ? __pfx_worker_thread+0x10/0x10
 kthread+0xd2/0x100
 ? __pfx_kthread+0x10/0x10
 ret_from_fork+0x34/0x50
 ? __pfx_kthread+0x10/0x10
 ret_from_fork_asm+0x1a/0x30
 </TASK>
Modules linked in: tcp_diag inet_diag nft_ct nf_conntrack nf_defrag_ipv6 nf_defrag_ipv4 nf_tables ext4 crc16 mbcache jbd2 nvme nvme_core ena
CR2: 0000000000000018
---[ end trace 0000000000000000 ]---
"""

PANIC = """\
Kernel panic - not syncing: hung_task: blocked tasks
CPU: 1 UID: 0 PID: 61 Comm: khungtaskd Not tainted 6.12.57+deb13-cloud-amd64 #1 Debian 6.12.57-1
Hardware name: Example Systems R2215/MB-2215, BIOS 4.11 03/02/2026
Call Trace:
 <TASK>
 dump_stack_lvl+0x5d/0x80
 panic+0x113/0x2f0
 watchdog+0x33c/0x510
 kthread+0xd2/0x100
 ret_from_fork+0x34/0x50
 ret_from_fork_asm+0x1a/0x30
 </TASK>
Kernel Offset: 0x1e200000 from 0xffffffff81000000 (relocation range: 0xffffffff80000000-0xffffffffbfffffff)
---[ end Kernel panic - not syncing: hung_task: blocked tasks ]---
"""

HUNG = """\
INFO: task jbd2/nvme1n1-8:587 blocked for more than 120 seconds.
      Not tainted 6.12.57+deb13-cloud-amd64 #1 Debian 6.12.57-1
"echo 0 > /proc/sys/kernel/hung_task_timeout_secs" disables this message.
task:jbd2/nvme1n1-8  state:D stack:0     pid:587   tgid:587   ppid:2      flags:0x00004000
Call Trace:
 <TASK>
 __schedule+0x505/0xbf0
 schedule+0x27/0xf0
 io_schedule+0x46/0x70
 bit_wait_io+0xd/0x60
 __wait_on_bit+0x2f/0x90
 out_of_line_wait_on_bit+0x92/0xb0
 ? __pfx_wake_bit_function+0x10/0x10
 jbd2_journal_commit_transaction+0x1157/0x1a20 [jbd2]
 kjournald2+0xab/0x280 [jbd2]
 ? __pfx_autoremove_wake_function+0x10/0x10
 kthread+0xd2/0x100
 ret_from_fork+0x34/0x50
 ret_from_fork_asm+0x1a/0x30
 </TASK>
"""

EXT4 = "EXT4-fs error (device nvme1n1): ext4_wait_block_bitmap:582: comm postgres: Cannot read block bitmap - block_group = 212, block_bitmap = 6815748"
READ_ONLY = "EXT4-fs (nvme1n1): Remounting filesystem read-only"
IO = "I/O error, dev nvme1n1, sector 54525984 op 0x0:(READ) flags 0x3000 phys_seg 1 prio class 2"

HOSTILE_COMM = "<script>alert(1)</script>\x1b[2J\u202egpj.exe"
OOM = (
    """\
python3 invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=985
CPU: 5 PID: 20417 Comm: python3 Not tainted 6.1.0-32-cloud-amd64 #1  Debian 6.1.129-1
Hardware name: Example Systems C1100/MB-1100, BIOS 2.07 06/19/2025
Call Trace:
 <TASK>
 dump_stack_lvl+0x44/0x5c
 dump_header+0x4a/0x211
 oom_kill_process.cold+0xb/0x10
 out_of_memory+0x1fd/0x4c0
 mem_cgroup_out_of_memory+0x134/0x150
 try_charge_memcg+0x696/0x780
 charge_memcg+0x39/0xf0
 __mem_cgroup_charge+0x28/0x80
 __handle_mm_fault+0x95b/0xfa0
 handle_mm_fault+0xdb/0x2d0
 do_user_addr_fault+0x1cd/0x690
 exc_page_fault+0x70/0x170
 asm_exc_page_fault+0x22/0x30
RIP: 0033:0x7f2a1c5d21c4
 </TASK>
memory: usage 524288kB, limit 524288kB, failcnt 20911
swap: usage 0kB, limit 0kB, failcnt 0
Memory cgroup stats for /kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod7c1d.slice:
anon 531570688
file 0
kernel 4993024
pgfault 2120331
Tasks state (memory values in pages):
[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name
"""
    + "".join(
        f"[  {20300 + n}]  1000 {20300 + n}    {4200 + 7 * n}     {610 + 3 * n}    94208        0           985 worker-{n}\n"
        for n in range(260)
    )
    + f"""\
[  20417]  1000 20417   221184   129412  1228800        0           985 {HOSTILE_COMM}
oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=cri-containerd-9f31.scope,mems_allowed=0,oom_memcg=/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod7c1d.slice,task_memcg=/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod7c1d.slice/cri-containerd-9f31.scope,task=python3,pid=20417,uid=1000
Memory cgroup out of memory: Killed process 20417 ({HOSTILE_COMM}) total-vm:884736kB, anon-rss:517648kB, file-rss:0kB, shmem-rss:0kB, UID:1000 pgtables:1200kB oom_score_adj:985
"""
)

STALL = """\
rcu: INFO: rcu_preempt self-detected stall on CPU
rcu: \t2-....: (20999 ticks this GP) idle=3f2c/1/0x4000000000000000 softirq=88120/88120 fqs=5249
rcu: \t(t=21000 jiffies g=190233 q=4415 ncpus=8)
CPU: 2 UID: 0 PID: 4410 Comm: nft Not tainted 6.12.57+deb13-cloud-amd64 #1 Debian 6.12.57-1
RIP: 0010:nft_rbtree_deactivate+0x43/0x90 [nf_tables]
Call Trace:
 <IRQ>
 rcu_dump_cpu_stacks+0xc4/0x100
 rcu_sched_clock_irq+0x329/0x10c0
 update_process_times+0x70/0xb0
 tick_nohz_handler+0x91/0x150
 __hrtimer_run_queues+0x12d/0x2a0
 hrtimer_interrupt+0xff/0x230
 __sysvec_apic_timer_interrupt+0x55/0x100
 sysvec_apic_timer_interrupt+0x6c/0x90
 </IRQ>
 <TASK>
 asm_sysvec_apic_timer_interrupt+0x1a/0x20
 nft_setelem_deactivate+0x31/0x60 [nf_tables]
 nft_map_deactivate+0x64/0x90 [nf_tables]
 nf_tables_newrule+0x6d2/0xd40 [nf_tables]
 nfnetlink_rcv_batch+0x7d9/0x970 [nfnetlink]
 nfnetlink_rcv+0x12d/0x150 [nfnetlink]
 netlink_unicast+0x248/0x390
 netlink_sendmsg+0x214/0x460
 </TASK>
"""

NETDEV = """\
------------[ cut here ]------------
NETDEV WATCHDOG: ens5 (ena): transmit queue 3 timed out 5404 ms
WARNING: CPU: 3 PID: 0 at net/sched/sch_generic.c:525 dev_watchdog+0x22b/0x240
CPU: 3 UID: 0 PID: 0 Comm: swapper/3 Not tainted 6.12.57+deb13-cloud-amd64 #1 Debian 6.12.57-1
RIP: 0010:dev_watchdog+0x22b/0x240
"""
MCE = "mce: [Hardware Error]: CPU 12: Machine Check: 0 Bank 7: 8c00004000010090"
CONNTRACK = "nf_conntrack: nf_conntrack: table full, dropping packet"

MEANING = {
    "null-pointer-dereference": "The kernel read or wrote through a pointer that was NULL, or NULL plus the offset of a member. "
    "The task that did it was killed; locks it held stay locked.",
    "hung-task": "A task stayed in uninterruptible sleep (state `D`) for longer than `hung_task_timeout_secs`. "
    "It waits for a lock, for I/O or for memory; the stack says which.",
}
STEPS = {
    "null-pointer-dereference": (
        "Resolve the place: `faddr2line vmlinux sbitmap_queue_clear+0x1c/0x60`.",
        "Compare the address with the members of the structures used there: `pahole -C sbitmap_queue vmlinux`.",
        "Search for the function in the fixes of later stable releases.",
    ),
    "hung-task": (
        "Read the stack for what is waited on, then look at that device or lock first.",
        "On a live machine: `echo w > /proc/sysrq-trigger` lists every blocked task.",
    ),
}


def event(kind: str, title: str, text: str, **more: Any) -> Event:
    """One event; what is not given is absent."""
    given: dict[str, Any] = {
        "id": f"e-{kind}",
        "class_": "crash",
        "severity": "error",
        "alt_titles": (),
        "function": None,
        "function_reason": None,
        "skipped": (),
        "file": None,
        "line": None,
        "subsystem": None,
        "corrupted": False,
        "corrupted_reason": None,
        "host": HOSTS[0],
        "boot": "db01/journal.export#2",
        "kernel": NEW,
        "build": "#1 SMP Debian 6.12.57-1",
        "time": START,
        "monotonic_s": 40211.5,
        "source": "fleet-2026-11-20.tar.zst!db01/console.log",
        "start": 118_224,
        "end": 118_224 + len(text),
        "fields": {},
        "report": None,
        "caused_by": (),
    }
    given.update(more)
    where = given["function"] or given["subsystem"] or "-"
    signature = Signature(
        f"{kind}:{where}:stack-5e1f", f"{kind}:{where}", f"{kind}:{given['subsystem'] or '-'}"
    )
    return Event(kind=kind, title=title, text=text, signature=signature, **given)


def problem(
    rank: int, example: Event, hosts: tuple[str, ...], counts: dict[int, int], **more: Any
) -> Problem:
    """One problem; `counts` says how many events in which hour since START."""
    bins = tuple(
        TimeBin(START + timedelta(hours=hour), None, count) for hour, count in sorted(counts.items())
    )
    total = sum(counts.values())
    first, last = (
        START + timedelta(hours=min(counts)),
        START + timedelta(hours=max(counts), minutes=41, seconds=7),
    )
    given: dict[str, Any] = {
        "exact_signature_count": 1,
        "corrupted_count": 0,
        "unknown_host_count": 0,
        "boots": len(hosts) + 1,
        "kernels": {NEW: total},
        "rate_per_hour": total / 37,
        "causes": (),
        "consequences": (),
        "meaning": MEANING.get(example.kind),
        "next_steps": STEPS.get(example.kind, ()),
    }
    given.update(more)
    return Problem(
        rank=rank,
        signature=example.signature.function,
        kind=example.kind,
        class_=example.class_,
        severity=example.severity,
        title=example.title,
        alt_titles=example.alt_titles,
        function=example.function,
        file=example.file,
        line=example.line,
        subsystem=example.subsystem,
        count=total,
        hosts=hosts,
        host_count=len(hosts),
        sources=tuple(f"fleet-2026-11-20.tar.zst!{host.split('.')[0]}/console.log" for host in hosts),
        source_count=len(hosts),
        first_seen=first,
        last_seen=last,
        first_monotonic_s=40211.5,
        last_monotonic_s=168244.75,
        timeline=Timeline("utc", 3600, bins, 0),
        sightings=tuple(
            Sighting(
                f"fleet-2026-11-20.tar.zst!{host.split('.')[0]}/console.log",
                4096 * n,
                4096 * n + 900,
                host,
                None,
                NEW,
                first,
                40211.5,
            )
            for n, host in enumerate(hosts, 1)
        ),
        example=example,
        **given,
    )


def triage() -> Triage:
    """Ten problems on twelve hosts over forty hours."""
    null = event(
        "null-pointer-dereference",
        "BUG: unable to handle kernel NULL pointer dereference in nvme_timeout",
        NULL_POINTER,
        severity="fatal",
        alt_titles=("BUG: unable to handle kernel NULL pointer dereference in sbitmap_queue_clear",),
        function="nvme_timeout",
        function_reason="first frame that is not generic block code",
        skipped=(
            SkippedFrame("sbitmap_queue_clear", "library code"),
            SkippedFrame("__blk_mq_free_request", "generic block layer"),
            SkippedFrame("nvme_complete_batch_req", "completion helper"),
        ),
        file="drivers/nvme/host/pci.c",
        line=1371,
        subsystem="nvme",
        fields={"address": 0x18, "access": "read", "oops_number": 1, "trap": None},
        report=Report(
            cpu=3,
            pid=812,
            comm="kworker/3:1H",
            uid=0,
            kernel=NEW,
            taint=(TaintFlag("W", "a kernel warning was printed before"),),
            hardware="Example Systems R2215/MB-2215, BIOS 4.11 03/02/2026",
            workqueue="kblockd blk_mq_timeout_work",
            ip="sbitmap_queue_clear+0x1c",
            stacks=(Stack("crash", (Frame("__blk_mq_free_request", 0x5D, 0xE0),)),),
        ),
    )
    panic = event(
        "panic-hung-task",
        "kernel panic: hung_task: blocked tasks",
        PANIC,
        severity="fatal",
        fields={"reason": "hung_task: blocked tasks"},
    )
    hung = event(
        "hung-task",
        "INFO: task hung in jbd2_journal_commit_transaction",
        HUNG,
        function="jbd2_journal_commit_transaction",
        function_reason="the frame below the waiting primitives",
        skipped=tuple(
            SkippedFrame(name, "scheduler and waiting")
            for name in (
                "__schedule",
                "schedule",
                "io_schedule",
                "bit_wait_io",
                "__wait_on_bit",
                "out_of_line_wait_on_bit",
            )
        ),
        subsystem="ext4",
        file="fs/jbd2/commit.c",
        fields={"task": "jbd2/nvme1n1-8", "pid": 587, "blocked_s": 120},
        caused_by=(
            Cause("e-block-io-error", "block-io-error", "the device of the journal failed 122 s before"),
        ),
    )
    ext4 = event(
        "ext4-error",
        "EXT4-fs error in ext4_wait_block_bitmap",
        EXT4,
        class_="storage",
        function="ext4_wait_block_bitmap",
        line=582,
        subsystem="ext4",
        fields={"device": "nvme1n1", "function": "ext4_wait_block_bitmap", "comm": "postgres"},
    )
    read_only = event(
        "ext4-remount-read-only",
        "EXT4-fs: remounting filesystem read-only",
        READ_ONLY,
        class_="storage",
        subsystem="ext4",
        fields={"device": "nvme1n1"},
    )
    io = event(
        "block-io-error",
        "I/O error on a block device",
        IO,
        class_="storage",
        subsystem="block",
        fields={"device": "nvme1n1", "sector": 54525984, "operation": "READ", "status": "I/O"},
    )
    oom = event(
        "oom-kill-cgroup",
        "Memory cgroup out of memory",
        OOM,
        class_="resource",
        subsystem="mm",
        kernel=OLD,
        source="fleet-2026-11-20.tar.zst!web02/messages",
        fields={
            "victim": HOSTILE_COMM,
            "pid": 20417,
            "uid": 1000,
            "total_vm_kib": 884736,
            "anon_rss_kib": 517648,
            "pgtables_kib": 1200,
            "oom_score_adj": 985,
            "pod_uid": "7c1d",
            "limit_kib": 524288,
            "largest_tasks": [
                {"comm": "python3", "rss_pages": 129412},
                {"comm": "worker-259", "rss_pages": 1387},
            ],
        },
    )
    stall = event(
        "rcu-stall",
        "INFO: rcu detected stall in nft_rbtree_deactivate",
        STALL,
        function="nft_rbtree_deactivate",
        function_reason="instruction pointer of the CPU that does not answer",
        subsystem="netfilter",
        skipped=(
            SkippedFrame("rcu_dump_cpu_stacks", "reporting machinery"),
            SkippedFrame("rcu_sched_clock_irq", "reporting machinery"),
        ),
        corrupted=True,
        corrupted_reason="the log ends inside the report",
    )
    netdev = event(
        "netdev-watchdog",
        "WARNING in dev_watchdog: transmit queue timed out",
        NETDEV,
        severity="warning",
        class_="network",
        function="dev_watchdog",
        file="net/sched/sch_generic.c",
        line=525,
        subsystem="net",
        fields={"device": "ens5", "driver": "ena", "queue": 3, "waited_ms": 5404},
    )
    mce = event(
        "mce-corrected",
        "corrected machine check",
        MCE,
        severity="warning",
        class_="hardware",
        fields={"cpu": 12, "bank": 7, "status": "8c00004000010090", "address": None},
    )
    conntrack = event(
        "conntrack-full",
        "nf_conntrack: table full, dropping packet",
        CONNTRACK,
        severity="warning",
        class_="network",
        subsystem="netfilter",
        kernel=OLD,
    )

    def link(to: Event, reason: str, count: int = 1) -> Link:
        return Link(to.signature.function, to.title, reason, count)

    database, front = HOSTS[:7], HOSTS[7:]
    hour = {n: (n * 7) % 11 + 3 for n in range(38)}
    problems = (
        problem(
            1,
            null,
            database[:5],
            {3: 1, 11: 2, 14: 1, 29: 3, 36: 1},
            exact_signature_count=2,
            consequences=(),
        ),
        problem(
            2,
            panic,
            database[2:4],
            {19: 1, 31: 1},
            causes=(link(hung, "the panic names the hung task check, 4 s after it", 2),),
        ),
        problem(
            3,
            hung,
            database[2:5],
            {18: 2, 19: 6, 30: 1, 31: 4},
            causes=(link(io, "the same device failed 122 s before", 3),),
            consequences=(link(panic, "kernel.hung_task_panic is on", 2),),
        ),
        problem(
            4,
            io,
            database[2:5],
            {16: 3, 17: 88, 18: 240, 19: 31, 29: 12, 30: 190, 31: 77},
            consequences=(
                link(ext4, "same device, within 1 s", 9),
                link(hung, "same device, 122 s later", 3),
            ),
        ),
        problem(
            5,
            ext4,
            database[2:5],
            {17: 4, 18: 11, 30: 9},
            causes=(link(io, "same device, within 1 s", 9),),
            consequences=(link(read_only, "errors=remount-ro", 3),),
        ),
        problem(
            6, read_only, database[2:5], {17: 1, 18: 1, 30: 1}, causes=(link(ext4, "errors=remount-ro", 3),)
        ),
        problem(7, oom, front, hour, kernels={OLD: 260, NEW: sum(hour.values()) - 260}),
        problem(8, stall, front[:1], {22: 2}, corrupted_count=1),
        problem(9, netdev, front[:4], {2: 1, 9: 2, 22: 2, 23: 4, 37: 1}),
        problem(10, mce, database[6:], {1: 2, 6: 2, 12: 3, 20: 2, 33: 5}),
        problem(11, conntrack, front, {13: 40, 14: 900, 15: 120}, kernels={OLD: 1060}),
    )
    return Triage(
        problems=problems,
        states=(
            StateCount("boot", "boot of the kernel", 19, 12),
            StateCount("out-of-tree-module", "an out-of-tree module taints the kernel", 3, 3),
            StateCount("link-up", "network link is up", 31, 12),
        ),
        totals=Totals(
            sources=26,
            sources_without_host=2,
            bytes_read=486_113_207,
            events=sum(each.count for each in problems) + 53,
            problems=len(problems),
            hosts=12,
            boots=19,
            kernels={OLD: 6, NEW: 13},
            first_seen=START,
            last_seen=START + timedelta(hours=38),
            elapsed_s=1.873,
        ),
        unreadable=(
            "fleet-2026-11-20.tar.zst!web05/console.log.gz: the gzip stream ends after 48213 bytes, a trailer was expected",
        ),
        unseen=(
            Unseen(
                "printk dropped 1,204 messages: what they said is not known",
                2,
                "fleet-2026-11-20.tar.zst!db03/console.log",
            ),
            Unseen("the log begins in the middle of a boot", 7, "fleet-2026-11-20.tar.zst!db01/console.log"),
        ),
        catalogue="5b0e6f1a2c7d",
        generated_at_utc=datetime(2026, 11, 20, 12, 30, 5, tzinfo=UTC),
    )
