"""dm-multipath uses a path again that had failed."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="dm-path-reinstated",
    title="device-mapper: multipath: path reinstated",
    class_="state",
    severity="info",
    subsystem="dm",
    patterns=(
        Pattern(
            literal=": Reinstating path ",
            regex=r"device-mapper: multipath: (?:(?P<device>\d+:\d+): )?Reinstating path (?P<path>[\w:]+)\.?",
            printed=("Reinstating path %s.",),
        ),
    ),
    fields=(
        Field("device", "str", "major:minor of the multipath device"),
        Field("path", "str", "major:minor of the path, as in lsblk"),
    ),
    printed_by=("drivers/md/dm-mpath.c:reinstate_path",),
    meaning=(
        "multipathd's checker found the path good and the kernel uses it again. The time since it "
        "failed is how long redundancy was reduced. A path that fails and returns again and again "
        "is worse than one that stays away: each failure costs a timeout."
    ),
    next_steps=(
        "The time since 'Failing path' of the same path",
        (
            "Repeated pairs: the fabric, cable or array port; consider marginal path detection in "
            "multipath.conf"
        ),
        "multipath -ll: are all paths back",
    ),
    confused_with=("dm-path-failed: the beginning of the interruption",),
    example="[ 6180.440010] device-mapper: multipath: 253:2: Reinstating path 8:32.",
    near_miss="[ 6120.440010] device-mapper: multipath: 253:2: Failing path 8:32.",
)
