"""An indirect call went to a function of another type; control-flow integrity stopped it."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="cfi-failure",
    title="CFI failure in {function}",
    title_without_function="CFI failure in corrupted",
    class_="crash",
    severity="error",
    patterns=(
        Pattern(
            literal="CFI failure at ",
            regex=(
                r"CFI failure at (?P<at_function>[\w.$]+)\S*(?: \[[\w-]+\])? \(target: "
                r"(?P<target>[\w.$]+)\S*(?: \[[\w-]+\])?; expected type: 0x(?P<type>[0-9a-f]+)\)"
            ),
            unprinted="needs a kernel built by clang with CONFIG_CFI_CLANG",
        ),
        Pattern(
            literal="CFI failure (target: ",
            regex=r"CFI failure \(target: (?P<target>[\w.$]+)",
            unprinted="clang kernels before 6.1",
        ),
    ),
    fields=(
        Field("at_function", "str", "the function that called"),
        Field("target", "str", "the function that was called"),
        Field("type", "hex", "hash of the type that was expected"),
    ),
    key=("target",),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    absorbs=(
        "warning",
        "invalid-opcode",
        "oops",
        "internal-error",
    ),
    printed_by=("kernel/cfi.c:report_cfi_failure",),
    meaning=(
        "With CONFIG_CFI_CLANG every indirect call checks that its target has the expected "
        "type. This one did not: a function was cast to another type (a bug in the source "
        "that C forgives), or a function pointer was overwritten."
    ),
    next_steps=(
        (
            "Compare the prototypes of caller and target: a cast is the usual reason and the fix "
            "is the prototype."
        ),
        "A target that makes no sense at all: memory corruption or an attack.",
    ),
    confused_with=("missing-endbr: the hardware's coarser check.",),
    example=(
        "[ 6140.158692] ------------[ cut here ]------------\n"
        "[ 6140.158699] CFI failure at nf_hook_slow+0x3c/0xf0 (target: acme_hook+0x0/0x20 [acme]; "
        "expected type: 0x1d2f5c4e)\n"
        "[ 6140.158703] WARNING: CPU: 3 PID: 26629 at nf_hook_slow+0x3c/0xf0\n"
        "[ 6140.158719] Modules linked in: xfs libcrc32c bonding tls intel_rapl_msr kvm_intel kvm "
        "irqbypass igb\n"
        "[ 6140.158732] CPU: 3 PID: 26629 Comm: iptables Not tainted 6.6.30-android15 #1\n"
        "[ 6140.158755] RIP: 0010:nf_hook_slow+0x3c/0xf0\n"
        "[ 6140.158891] Call Trace:\n"
        "[ 6140.158899]  <TASK>\n"
        "[ 6140.158905]  ip_rcv+0x810/0xc80\n"
        "[ 6140.158908]  __netif_receive_skb+0x52f/0x7e0\n"
        "[ 6140.158911]  process_backlog+0x48f/0x770\n"
        "[ 6140.158925]  net_rx_action+0x112/0x2f0\n"
        "[ 6140.158931]  do_syscall_64+0x29a/0x470\n"
        "[ 6140.158943]  entry_SYSCALL_64_after_hwframe+0x953/0xa50\n"
        "[ 6140.158980]  </TASK>\n"
        "[ 6140.158987] ---[ end trace 0000000000000000 ]---"
    ),
    near_miss="[    0.000000] SMP alternatives: Using kCFI",
)
