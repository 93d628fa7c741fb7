"""A network driver's page pool cannot be freed because pages of it are still in use."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="page-pool-stalled",
    title="page_pool: stalled pool shutdown",
    class_="network",
    severity="warning",
    subsystem="net",
    patterns=(
        Pattern(
            literal="stalled pool shutdown",
            regex=(
                r"\w+\(\) stalled pool shutdown:? (?:id (?P<pool>\d+), )?(?P<in_flight_pages>-?\d+) "
                r"inflight (?P<stalled_s>\d+) sec"
            ),
            printed=("%s() stalled pool shutdown",),
        ),
    ),
    fields=(
        Field("pool", "int", "id of the pool, in newer kernels"),
        Field("in_flight_pages", "int", "pages that are not back"),
        Field("stalled_s", "int", "time since the pool was to be freed"),
    ),
    printed_by=("net/core/page_pool.c:page_pool_release_retry",),
    meaning=(
        "The interface was closed or reconfigured, and its receive buffers should be returned. "
        "Some are still held: in socket queues that nobody reads, in a tap or a tunnel, or lost "
        "by a bug. Memory leaks slowly, and unregistering the device may hang. A negative number "
        "is a bug in accounting."
    ),
    next_steps=(
        "ss -tanpm: sockets with a large Recv-Q; closing them releases the pages",
        "Does the number go down over minutes: slow readers; constant: a leak",
        (
            "Driver and kernel release: search the fixes to page_pool and the driver; ynl or /sys for "
            "page-pool stats since 6.8"
        ),
    ),
    confused_with=("unregister-netdevice: a device that cannot be removed because of references",),
    example="[80110.300010] page_pool_release_retry() stalled pool shutdown: id 14, 231 inflight 120 sec",
    near_miss="[    6.300010] page_pool: fragmentation support enabled",
)
