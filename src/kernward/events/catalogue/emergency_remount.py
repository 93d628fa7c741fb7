"""All file systems were made read-only at once."""

from kernward.events.kind import Kind, Pattern

KIND = Kind(
    id="emergency-remount",
    title="Emergency Remount complete",
    class_="state",
    severity="warning",
    subsystem="vfs",
    patterns=(
        Pattern(
            literal="Emergency Remount complete",
            regex=r"Emergency Remount complete",
        ),
    ),
    printed_by=("fs/super.c:do_emergency_remount",),
    meaning=(
        "Every file system was remounted read-only by a SysRq command, to save data before a forced "
        "restart. From here on nothing is written to disk, logs included, and programs fail with EROFS."
    ),
    next_steps=(
        "Expect a restart; if none follows, the host is of no use until it is restarted.",
        "Look for the reason before: a hang, a panic that did not reboot, a human.",
    ),
    confused_with=("ext4-remount-read-only: one file system, because of an error",),
    example="[44012.300001] Emergency Remount complete",
    near_miss="""\
[44012.300001] EXT4-fs (vda1): re-mounted 0b1c2d3e-0000-4000-8000-000000000001. Quota mode: none.""",
)
