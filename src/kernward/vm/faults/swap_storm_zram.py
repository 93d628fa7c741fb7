"""A working set that is bigger than memory is compressed and decompressed without a pause."""

import msgspec

from kernward.vm.fault import Fault, Needs
from kernward.vm.fault_parts import SERVE, STOP
from kernward.vm.faults import swap_storm

_TO_DISK = swap_storm.FAULT

FAULT: Fault = msgspec.structs.replace(
    _TO_DISK,
    name="swap-storm-zram",
    title="the host compresses and decompresses memory without a pause",
    doc=(
        "As swap-storm, with zram as the swap device: pages that go out are compressed and stay in memory. No "
        "disk is busy; what the storm costs is processor time in the kernel."
    ),
    needs=Needs(misbehave=True, modules=("lzo_rle", "zram")),
    inject=SERVE
    + """
        available=$(awk '/^MemAvailable/ { print int($2 / 1024) }' /proc/meminfo)
        echo 4G >/sys/block/zram0/disksize || exit 1
        mkswap /dev/zram0 >/dev/null && swapon /dev/zram0 || exit 1
        serve $service "" churn $((available * working_set_percent / 100))
    """,
    undo=STOP + "stop $service; swapoff /dev/zram0; echo 1 >/sys/block/zram0/reset",
    truth=msgspec.structs.replace(
        _TO_DISK.truth,
        mechanism=(
            "shrink_folio_list() in mm/vmscan.c writes anonymous pages out through swap_writepage() in "
            "mm/page_io.c, which zram_bvec_write() in drivers/block/zram/zram_drv.c compresses, and "
            "do_swap_page() in mm/memory.c has those that are touched next decompressed."
        ),
    ),
)
