"""A process was told, by SIGBUS, that memory it uses is broken."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="memory-failure-sigbus",
    title="SIGBUS for hardware memory corruption",
    class_="hardware",
    severity="error",
    subsystem="mm",
    patterns=(
        Pattern(
            literal=" due to hardware memory corruption",
            regex=(
                r"Memory failure: 0x(?P<pfn>[0-9a-f]+): (?:Sending SIGBUS to|Killing) (?P<comm>.{0,64}):"
                r"(?P<pid>\d+) due to hardware memory corruption"
            ),
            printed=("%#lx: Sending SIGBUS to %s:%d due to hardware memory corruption",),
        ),
        Pattern(
            literal=" because of failure to unmap corrupted page",
            regex=(
                r"Memory failure: 0x(?P<pfn>[0-9a-f]+): forcibly killing (?P<comm>.{0,64}):(?P<pid>\d+)"
                r" because of failure to unmap corrupted page"
            ),
            printed=("%#lx: forcibly killing %s:%d because of failure to unmap corrupted page",),
        ),
        Pattern(
            literal="MCE: Killing ",
            regex=(
                r"MCE: Killing (?P<comm>.{0,64}):(?P<pid>\d+) due to hardware memory corruption"
                r" fault at (?P<address>[0-9a-f]+)"
            ),
            printed=("MCE: Killing %s:%d due to hardware memory corruption fault at %lx",),
        ),
    ),
    fields=(
        Field("pfn", "hex", "page frame number"),
        Field("comm", "str", "the process"),
        Field("pid", "int", "its thread id"),
        Field("address", "hex", "where it touched the page, in its own address space"),
    ),
    printed_by=(
        "mm/memory-failure.c:kill_proc",
        "mm/memory-failure.c:kill_procs",
        "arch/x86/mm/fault.c:do_sigbus",
    ),
    meaning=(
        "The process has the broken page mapped. A hypervisor or a database that handles SIGBUS passes it "
        "on to the guest, or restores the page; any other program dies. One broken page in shared memory "
        "may signal many processes."
    ),
    next_steps=(
        "Restart the service; its data in this page is gone.",
        "If it is a hypervisor, look into the guest: it gets a machine check of its own.",
        "Replace the DIMM; see the memory-failure and mce events of the same page frame.",
    ),
    confused_with=(
        "memory-failure: what became of the page",
        "segfault: a program's own fault",
    ),
    example="""\
[91002.711395] Memory failure: 0x1f3a40c: Sending SIGBUS to qemu-kvm:4410 due to hardware memory corruption""",
    near_miss="[91002.711402] Memory failure: 0x1f3a40c: recovery action for dirty LRU page: Recovered",
)
