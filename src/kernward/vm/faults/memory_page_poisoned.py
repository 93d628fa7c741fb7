"""Hardware reports that a page of memory is broken."""

from kernward.vm.fault import Fault, Needs, Symptom, Truth
from kernward.vm.fault_parts import SERVE, service_name

FAULT = Fault(
    name="memory-page-poisoned",
    title="a page of a process is broken and taken out of service",
    doc=(
        "A page that a service uses is declared broken, as the report of a memory scrubber would "
        "(madvise(MADV_HWPOISON)). The kernel unmaps it, never uses it again, and kills the service with "
        "SIGBUS when it touches it."
    ),
    group="memory",
    parameters=(service_name("imgproxy"),),
    needs=Needs(misbehave=True, config={"CONFIG_MEMORY_FAILURE": "y"}),
    inject=SERVE + "serve $service '' poison",
    symptom=Symptom(
        doc="The kernel prints what it did about the page, and /proc/meminfo counts it.",
        console=r"Memory failure: 0x[0-9a-f]+: recovery action for .*: Recovered",
        command="grep '^HardwareCorrupted: *[1-9]' /proc/meminfo",
        within_s=15,
    ),
    truth=Truth(
        kinds=("memory-failure",),
        cause="memory-page-broken",
        entity_kind="process",
        entity="$service",
        mechanism=(
            "memory_failure() in mm/memory-failure.c unmaps the page in hwpoison_user_mappings(), signals who uses "
            "it, and page_action() takes it out of service."
        ),
    ),
)
