"""A network adapter's firmware reports a fatal state or does not answer commands."""

from kernward.events.kind import Field, Kind, Pattern
from kernward.events.reading import Reading


def read(reading: Reading) -> None:
    """bnxt's words for a command without an answer are cut short by their number."""
    problem = reading.fields.get("problem") or ""
    if "timeout" in problem:
        reading.fields["problem"] = "command timeout"
    if reading.fields.get("driver") is None:
        reading.title = "network adapter: firmware error: {problem}"


KIND = Kind(
    id="nic-firmware-error",
    title="{driver}: firmware error: {problem}",
    class_="network",
    severity="error",
    subsystem="net",
    patterns=(
        Pattern(
            literal="health compromised - reached miss count",
            regex=(
                r"(?P<driver>mlx5_core) (?P<bus_id>[\w:.-]+): \w+:\d+:\(pid \d+\): (?P<problem>device's "
                "health compromised)"
            ),
            printed=("device's health compromised - reached miss count",),
        ),
        Pattern(
            literal="Health issue observed, ",
            regex=(
                r"(?P<driver>mlx5_core) (?P<bus_id>[\w:.-]+): \w+:\d+:\(pid \d+\): (?P<problem>Health "
                "issue observed), (?P<detail>[^:]{1,120})"
            ),
            printed=("Health issue observed, %s, severity(%d) %s:",),
        ),
        Pattern(
            literal="timeout. Will cause a leak of a command resource",
            regex=(
                r"(?P<driver>mlx5_core) (?P<bus_id>[\w:.-]+): \w+:\d+:\(pid \d+\): (?:cmd\[\d+\]: "
                r")?(?P<detail>\w+)\(0x[0-9a-f]+\) (?:Async, )?(?P<problem>timeout)\. Will cause a leak "
                "of a command resource"
            ),
            printed=("timeout. Will cause a leak of a command resource",),
        ),
        Pattern(
            literal="Detected firmware fatal condition",
            regex=(
                r"(?:(?P<driver>[\w-]{2,32}) (?P<bus_id>[\w:.-]{1,40}) )?(?P<interface>[\w.@-]{1,15})(?: "
                r"\([\w ,]{1,40}\))?: (?P<problem>Detected firmware fatal condition)"
            ),
            printed=("Detected firmware fatal condition, initiating reset",),
        ),
        Pattern(
            literal="Error (timeout: ",
            regex=(
                r"(?:(?P<driver>[\w-]{2,32}) (?P<bus_id>[\w:.-]{1,40}) )?(?P<interface>[\w.@-]{1,15})(?: "
                r"\([\w ,]{1,40}\))?: (?P<problem>Error \(timeout)(?:: (?P<timeout_us>\d+))?\) msg "
                r"\{(?P<detail>[^}]*)\}"
            ),
            printed=("Error (timeout: %u) msg {0x%x 0x%x} len:%d",),
        ),
    ),
    fields=(
        Field("driver", "str", "driver of the interface"),
        Field("bus_id", "str", "PCI address or other bus id"),
        Field("interface", "str", "network interface"),
        Field("problem", "str", "what was reported"),
        Field("detail", "str", "syndrome, command or message"),
        Field("timeout_us", "int", "how long the driver waited"),
    ),
    key=(
        "driver",
        "problem",
    ),
    read=read,
    printed_by=(
        "drivers/net/ethernet/mellanox/mlx5/core/health.c:poll_health",
        "drivers/net/ethernet/mellanox/mlx5/core/health.c:print_health_info",
        "drivers/net/ethernet/mellanox/mlx5/core/cmd.c:wait_func",
        "drivers/net/ethernet/broadcom/bnxt/bnxt.c:bnxt_force_fw_reset",
        "drivers/net/ethernet/broadcom/bnxt/bnxt_hwrm.c:__hwrm_send",
    ),
    meaning=(
        "The adapter's embedded processor stopped, reported an internal error (the syndrome says "
        "which), or left a command of the driver unanswered. The driver tries to recover by "
        "resetting it; until then the interface does not work, and RDMA connections over it "
        "break. On the host the cause may be PCIe errors or overheating; mostly it is firmware."
    ),
    next_steps=(
        "Does recovery succeed: 'health recovery succeeded', or devlink health show",
        (
            "ethtool -i: firmware version against the vendor's list of fixed bugs; save mstdump or "
            "devlink health dump"
        ),
        "PCIe: dmesg | grep -i aer; lspci -vv for the link width and speed",
        "Temperature: sensors, mget_temp; other cards in the same chassis",
    ),
    confused_with=(
        "nic-reset: a reset for a stopped transmit queue",
        "wifi-firmware-crash: the same for wireless adapters",
    ),
    example=(
        "[12001.300010] mlx5_core 0000:5e:00.0: poll_health:801:(pid 0): device's health "
        "compromised - reached miss count"
    ),
    near_miss="[    6.300010] mlx5_core 0000:5e:00.0: firmware version: 16.35.2000",
)
