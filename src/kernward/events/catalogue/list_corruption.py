"""A linked list was found broken when an entry was added or removed."""

from kernward.events.kind import Blame, Extent, Field, Kind, Pattern

KIND = Kind(
    id="list-corruption",
    title="BUG: corrupted list in {function}",
    alt_titles=("bad-access in {function}",),
    title_without_function="BUG: corrupted list in corrupted",
    class_="crash",
    severity="error",
    patterns=(
        Pattern(
            literal=" corruption",
            regex=(
                r"(?:slab: )?(?P<operation>list_add|list_del|__list_add|__list_del_entry)\S? "
                r"(?:double add|corruption)"
            ),
            printed=(
                "list_add corruption.",
                "list_del corruption,",
            ),
        ),
        Pattern(
            literal="list_add double add: ",
            regex=r"(?P<operation>list_add) double add: ",
        ),
        Pattern(
            literal="lib/list_debug.c:",
            regex=r"kernel BUG at [\w./-]*lib/list_debug\.c:(?P<at_line>\d+)!",
            printed=("lib/list_debug.c",),
        ),
        Pattern(
            literal="lib/list_debug.c:",
            regex=(
                r"WARNING: (?:CPU: (?P<cpu>\d+) PID: (?P<pid>\d+) at |at"
                r" )?[\w./-]*lib/list_debug\.c:(?P<at_line>\d+)"
            ),
            printed=("lib/list_debug.c",),
        ),
    ),
    fields=(
        Field("operation", "str", "the list operation"),
        Field("cpu", "int", "the CPU that printed it"),
        Field("pid", "int", "the task that ran"),
        Field("at_line", "int", "line of the check"),
    ),
    extent=Extent.REPORT,
    blame=Blame.STACK,
    absorbs=("invalid-opcode", "oops", "list-corruption", "internal-error"),
    printed_by=("lib/list_debug.c:__list_add_valid",),
    meaning=(
        "Before linking or unlinking an entry the kernel checks that its neighbours point "
        "back; they did not. The entry was freed while still on the list, added or removed "
        "twice, or changed without the list's lock, or memory was overwritten. With "
        "CONFIG_BUG_ON_DATA_CORRUPTION (Debian, most distributions) the task is killed; "
        "otherwise it is a warning."
    ),
    next_steps=(
        (
            "Read the values: LIST_POISON1/2 (dead000000000100/122) means removed twice, a zero "
            "page or text means overwritten, a near-by pointer a race."
        ),
        "Find every add and delete of this list and the lock that should protect them.",
        "Repeat on a KASAN kernel: it usually shows a use-after-free of the entry.",
    ),
    confused_with=(
        "kernel-bug: another BUG().",
        "general-protection-fault: the same damage without CONFIG_DEBUG_LIST.",
    ),
    example=(
        "[ 2221.740485] list_del corruption. prev->next should be ffff888188719c00, but was "
        "ffff8881155e3a00. (prev=ffff888146d9da00)\n"
        "[ 2221.740503] ------------[ cut here ]------------\n"
        "[ 2221.740519] kernel BUG at lib/list_debug.c:59!\n"
        "[ 2221.740524] invalid opcode: 0000 [#1] PREEMPT SMP NOPTI\n"
        "[ 2221.740528] CPU: 0 PID: 19767 Comm: multipathd Not tainted 6.1.0-28-amd64 #1  Debian "
        "6.1.119-1\n"
        "[ 2221.740558] RIP: 0010:__list_del_entry_valid+0xb0/0xc0\n"
        "[ 2221.740701] Call Trace:\n"
        "[ 2221.740708]  <TASK>\n"
        "[ 2221.740726]  dm_hash_remove_all+0xbd1/0xdc0 [dm_mod]\n"
        "[ 2221.740730]  remove_all+0x29/0x190 [dm_mod]\n"
        "[ 2221.740735]  ctl_ioctl+0x8c4/0xb20 [dm_mod]\n"
        "[ 2221.740740]  dm_ctl_ioctl+0x5cb/0xa40 [dm_mod]\n"
        "[ 2221.740748]  __x64_sys_ioctl+0x302/0x380\n"
        "[ 2221.740755]  do_syscall_64+0xde/0x2e0\n"
        "[ 2221.740828]  </TASK>\n"
        "[ 2221.740833] Modules linked in: xfs libcrc32c bonding tls intel_rapl_msr kvm_intel kvm "
        "irqbypass igb\n"
        "[ 2221.740842] ---[ end trace 0000000000000000 ]---"
    ),
    near_miss="[  440.811510] EXT4-fs warning: orphan list_del corruption suspected by user",
)
