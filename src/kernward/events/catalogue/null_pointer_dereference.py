"""The kernel used a pointer that was NULL, or an offset from one, and the CPU faulted."""

import re

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern
from kernward.events.reading import Reading

_FAILING = re.compile(r"\s*[Ff]ailing address: (?P<address>[0-9a-f]{1,16})").match


def read(reading: Reading) -> None:
    """s390 gives the address on a line of its own."""
    if reading.fields.get("address") is None:
        for text in reading.texts[1:4]:
            if match := _FAILING(text):
                reading.fields["address"] = int(match["address"], 16)
                return


KIND = Kind(
    id="null-pointer-dereference",
    title="BUG: unable to handle kernel NULL pointer dereference in {function}",
    alt_titles=("bad-access in {function}",),
    title_without_function="BUG: unable to handle kernel NULL pointer dereference in corrupted",
    class_="crash",
    severity="error",
    patterns=(
        # x86: 'unable to handle … at' until 5.1, 'kernel NULL pointer dereference, address:' since 5.2.
        Pattern(
            literal="kernel NULL pointer dereference",
            regex=(
                r"BUG: (?:unable to handle )?kernel NULL pointer dereference(?:,? (?:address:|at(?:"
                r" virtual address)?) *(?P<address>[0-9a-fx]+|\(null\)|\(ptrval\)))?"
            ),
            printed=("BUG: kernel NULL pointer dereference, address: ",),
        ),
        # arm, arm64, riscv.
        Pattern(
            literal="Unable to handle kernel NULL pointer dereference",
            regex=(
                r"(?:CPU \d+ )?Unable to handle kernel NULL pointer dereference at virtual address "
                r"(?P<address>[0-9a-f]+)"
            ),
            unprinted="printed by another architecture than amd64",
        ),
        # powerpc.
        Pattern(
            literal="BUG: Kernel NULL pointer dereference",
            regex=(
                r"BUG: Kernel NULL pointer dereference(?: on (?:read|write))? at (?:0x)?"
                r"(?P<address>[0-9a-f]+)"
            ),
            unprinted="printed by another architecture than amd64",
        ),
        # s390 says no more; the failing address follows on a line of its own.
        Pattern(
            literal="Unable to handle kernel pointer dereference",
            regex=(
                r"Unable to handle kernel pointer dereference(?: in virtual kernel address space| at"
                r" virtual kernel address (?P<address>[0-9a-f]+))"
            ),
            unprinted="printed by another architecture than amd64",
        ),
    ),
    fields=(Field("address", "hex", "the address that was accessed: the offset from NULL"),),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    read=read,
    absorbs=(
        "kasan-range",
        "oops",
        "nx-exec",
        "internal-error",
    ),
    printed_by=(
        "arch/x86/mm/fault.c:show_fault_oops",
        "arch/arm64/mm/fault.c:die_kernel_fault",
        "arch/powerpc/mm/fault.c:bad_page_fault",
    ),
    meaning=(
        "The kernel followed a pointer that was NULL; a small address such as 0x18 is the "
        "offset of the structure member that was used. The task that ran was killed, or the "
        "machine panicked if this happened in an interrupt or with panic_on_oops; locks it "
        "held stay held, so hangs may follow. Usual causes are a missing check of an "
        "allocation or lookup, use before initialisation or after teardown, and a race that "
        "cleared the pointer."
    ),
    next_steps=(
        (
            "Match the address with a member's offset: `pahole -C <struct> vmlinux`; the "
            "faulting register is in the Code: line (`scripts/decodecode`)."
        ),
        (
            "Resolve the guilty frame: `scripts/faddr2line vmlinux <function+offset>`, and read "
            "which pointer is NULL there."
        ),
        (
            "Look at the lines before: a driver's failed probe, a device that vanished or a "
            "failed allocation often comes just before."
        ),
        "`git log --oneline -- <file>` upstream, for a fix that your kernel lacks.",
    ),
    confused_with=(
        ("page-fault: the address is large or looks like data; the pointer was wild or freed, not NULL."),
        (
            "general-protection-fault: with KASAN or a non-canonical pointer x86 reports the "
            "same bug that way."
        ),
    ),
    example=(
        "[ 5406.814049] BUG: kernel NULL pointer dereference, address: 0000000000000018\n"
        "[ 5406.814068] #PF: supervisor read access in kernel mode\n"
        "[ 5406.814074] #PF: error_code(0x0000) - not-present page\n"
        "[ 5406.814086] Oops: 0000 [#1] PREEMPT SMP NOPTI\n"
        "[ 5406.814096] CPU: 5 PID: 13192 Comm: ip Not tainted 6.1.0-28-amd64 #1  Debian 6.1.119-1\n"
        "[ 5406.814131] RIP: 0010:bond_option_slaves_set+0x56/0x140 [bonding]\n"
        "[ 5406.814243] Call Trace:\n"
        "[ 5406.814261]  <TASK>\n"
        "[ 5406.814271]  __bond_opt_set+0x131/0x380 [bonding]\n"
        "[ 5406.814279]  bond_changelink+0x18f/0xa00 [bonding]\n"
        "[ 5406.814286]  rtnl_newlink+0xfc/0x970\n"
        "[ 5406.814305]  rtnetlink_rcv_msg+0x61/0x120\n"
        "[ 5406.814309]  netlink_rcv_skb+0x6ae/0xab0\n"
        "[ 5406.814319]  netlink_unicast+0xba4/0xdd0\n"
        "[ 5406.814438]  </TASK>\n"
        "[ 5406.814441] Modules linked in: xfs libcrc32c bonding tls intel_rapl_msr kvm_intel kvm "
        "irqbypass igb\n"
        "[ 5406.814456] ---[ end trace 0000000000000000 ]---"
    ),
    near_miss=(
        "[   52.110093] systemd-coredump[812]: BUG: kernel NULL pointer dereference was quoted by process 811"
    ),
)
