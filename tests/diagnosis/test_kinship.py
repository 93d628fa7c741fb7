"""Which scopes belong together, as far as a window tells."""

import pytest

from kernward.collectors.sources.block import Block
from kernward.collectors.sources.mounts import Mount
from kernward.collectors.sources.process_cgroups import ProcessCgroups
from kernward.collectors.sources.swaps import Swap
from kernward.collectors.window import Window
from kernward.diagnosis.kinship import Kinship
from kernward.records.check import Scope
from tests.diagnosis.making import sample

KINSHIP = Kinship(
    Window(
        [
            sample(
                block={
                    "vda": Block(),
                    "vdb": Block(),
                    "dm-0": Block(lies_on=("vda",), mapped_name="root"),
                    "dm-1": Block(lies_on=("dm-0", "vdb")),
                    "dm-2": Block(lies_on=("dm-2",)),
                },
                mounts={
                    "/": Mount(source="/dev/mapper/root"),
                    "/data": Mount(source="/dev/vdb1"),
                    "/net": Mount(source="server:/export"),
                },
                process_cgroups={
                    "7": ProcessCgroups(cgroup="/shop/cart"),
                    "8": ProcessCgroups(cgroup=None, controllers={"memory": "/batch", "cpu": "/"}),
                },
                swaps={"/dev/vdb2": Swap(kind="partition")},
            )
        ]
    )
)


@pytest.mark.parametrize(
    ("one", "other", "related"),
    [
        (Scope("process", "a[7]"), Scope("cgroup", "/shop"), True),
        (Scope("cgroup", "/shop/cart"), Scope("process", "a[7]"), True),
        (Scope("process", "a[7]"), Scope("cgroup", "/batch"), False),
        (Scope("process", "a[7]"), Scope("cgroup", "/shop/cart/inner"), False),
        (Scope("process", "b[8]"), Scope("cgroup", "/batch"), True),
        (Scope("process", "unknown[9]"), Scope("cgroup", "/batch"), True),
        (Scope("process", "no pid"), Scope("process", "no pid either"), False),
        (Scope("device", "dm-1"), Scope("device", "vda"), True),
        (Scope("device", "vda"), Scope("device", "dm-0"), True),
        (Scope("device", "dm-0"), Scope("device", "vdb"), False),
        (Scope("device", "dm-2"), Scope("device", "vda"), False),
        (Scope("filesystem", "/"), Scope("device", "vda"), True),
        (Scope("device", "vdb"), Scope("filesystem", "/"), False),
        (Scope("device", "vdb"), Scope("filesystem", "/data"), True),
        (Scope("device", "vdb"), Scope("filesystem", "/net"), False),
        (Scope("device", "vdb"), Scope("filesystem", "/unknown"), True),
        (Scope("cpu", "0"), Scope("cpu", "1"), False),
    ],
)
def test_relations(one, other, related) -> None:
    assert KINSHIP.related(one, other) is related
    assert KINSHIP.related(other, one) is related


def test_what_is_swapped_to() -> None:
    assert KINSHIP.swap_devices == (Scope("device", "vdb2"),)
    assert Kinship(Window([sample(swaps={"/swapfile": Swap(kind="file")})])).swap_devices is None
    assert Kinship(Window([sample()])).swap_devices is None
