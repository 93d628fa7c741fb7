"""A GPU stopped making progress and its kernel driver resets it."""

from kernward.events.kind import Field, Kind, Pattern
from kernward.events.reading import Reading


def read(reading: Reading) -> None:
    """Older amdgpu prints its own name, not the device's."""
    module = reading.fields.pop("module", None)
    reading.fields["driver"] = reading.fields.get("driver") or module


KIND = Kind(
    id="gpu-hang",
    title="GPU hang: {driver}",
    class_="hardware",
    severity="error",
    subsystem="drm",
    patterns=(
        Pattern(
            literal="GPU HANG: ecode ",
            regex=(
                r"(?P<driver>i915|xe) (?P<device>[0-9a-f:.]{7,20}): \[drm\] GPU HANG: ecode "
                r"(?P<ecode>[0-9a-f:]{1,40})(?:, in (?P<comm>.{0,64}) \[(?P<pid>\d+)\])?"
            ),
            printed=("GPU HANG: ecode %d:%x:%08x",),
        ),
        Pattern(
            literal=" timeout, signaled seq=",
            regex=(
                r"(?:(?P<driver>amdgpu) (?P<device>[0-9a-f:.]{7,20}): (?:amdgpu:"
                r" )?|\[drm:amdgpu_job_timedout \[(?P<module>amdgpu)\]\] \*ERROR\* )ring "
                r"(?P<ring>[\w.-]{1,40}) timeout, signaled seq=(?P<signaled>\d+), emitted seq="
                r"(?P<emitted>\d+)"
            ),
            printed=("ring %s timeout, signaled seq=%u, emitted seq=%u",),
        ),
    ),
    fields=(
        Field("driver", "str", "i915, xe or amdgpu"),
        Field("module", "str", "the driver, in the wording without a device"),
        Field("device", "str", "PCI address"),
        Field("ecode", "str", "i915's code of the state of the engines"),
        Field("comm", "str", "program whose work hung"),
        Field("pid", "int", "its process"),
        Field("ring", "str", "queue of the GPU that hung"),
        Field("signaled", "int", "last finished job of the ring"),
        Field("emitted", "int", "last submitted job of the ring"),
    ),
    key=(
        "driver",
        "ring",
    ),
    read=read,
    printed_by=(
        "drivers/gpu/drm/i915/i915_gpu_error.c:error_msg",
        "drivers/gpu/drm/amd/amdgpu/amdgpu_job.c:amdgpu_job_timedout",
    ),
    meaning=(
        "Work given to the GPU did not finish within the driver's time limit. The driver resets the engine "
        "or the whole GPU and the program that submitted it loses its context. A shader that loops, a bug "
        "in user-space driver or firmware, or unstable memory or power of the card are the causes."
    ),
    next_steps=(
        "See whether the reset succeeded in the lines that follow.",
        "Save the driver's dump: /sys/class/drm/card*/error (i915), /sys/class/devcoredump (amdgpu).",
        "Does one program or one card do it? Compare versions of Mesa, firmware and kernel.",
    ),
    confused_with=("gpu-xid: NVIDIA's own driver",),
    example="[ 8122.505001] i915 0000:00:02.0: [drm] GPU HANG: ecode 12:1:85dffffb, in gnome-shell [2101]",
    near_miss="""\
[    4.505001] i915 0000:00:02.0: [drm] Finished loading DMC firmware i915/adls_dmc_ver2_01.bin (v2.1)""",
)
