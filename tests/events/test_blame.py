"""Which functions are passed over on the way to the responsible one, and which never are."""

import pytest

from kernward.events import blame
from kernward.events.naming import _below, _in_tree
from kernward.records.events import Frame


@pytest.mark.parametrize(
    "function",
    [
        "rmap_walk_file",
        "qlist_free_all",
        "__unwind_start",
        "unwind_next_frame",
        "show_trace_log_lvl",
        "free_netdev",
        "__kernfs_remove",
        "set_next_entity",
        "timerqueue_del",
        "lookup_object",
        "dup_mm",
        "copy_page_from_iter_atomic",
        "iov_iter_revert",
        "ieee80211_tasklet_handler",
        "trap_group_show",
        "panic_button_probe",
        "percpu_ref_exit",
        "ext4_find_extent",
    ],
)
def test_a_possible_culprit_is_not_machinery(function: str) -> None:
    assert blame.machinery(function) is None


@pytest.mark.parametrize(
    "function",
    [
        "dump_stack_lvl",
        "kasan_check_range",
        "refcount_warn_saturate",
        "__kmalloc_cache_noprof",
        "___kmalloc_large_node",
        "__alloc_frozen_pages_noprof",
        "vma_alloc_folio_noprof",
        "get_zeroed_page_noprof",
        "check_bytes_and_report",
        "__pi_memcpy_generic",
        "mmioset",
        "__copy_tofrom_user_base",
        "fallback_scalar_usercopy",
        "queued_spin_lock_slowpath",
        "raw_spin_rq_lock_nested",
        "reacquire_held_locks",
        "print_unlock_imbalance_bug",
        "do_el1_undef",
        "el1h_64_sync_handler",
        "pgm_check_handler",
        "data_access_common_virt",
        "handle_tlbl",
        "arm64_serror_panic",
        "__timer_delete_sync",
        "disable_work_sync",
        "symbol_string",
    ],
)
def test_what_acts_for_its_caller_is_passed_over(function: str) -> None:
    assert blame.machinery(function) is not None


def hung(*functions: str) -> str | None:
    frames = [Frame(name, 16, 64, None, True, False, None, None, None) for name in functions]
    return blame.first_responsible(frames, waiting=True).function


@pytest.mark.parametrize(
    ("stack", "function"),
    [
        (("__schedule", "schedule", "__mutex_lock", "rtnl_lock", "addrconf_verify_work"), "rtnl_lock"),
        (("__schedule", "schedule", "synchronize_rcu_expedited", "synchronize_net"), "synchronize_rcu"),
        (("__schedule", "wait_for_completion", "__synchronize_srcu", "some_work"), "synchronize_rcu"),
        (("__schedule", "io_schedule", "bit_wait_io", "__wait_on_bit", "jbd2_log_wait_commit", "f"), "f"),
        (("schedule", "xlog_grant_head_wait", "xlog_grant_head_check"), "xlog_grant_head_check"),
        (("__schedule", "schedule", "down_write", "ocfs2_inode_lock", "ocfs2_setattr"), "ocfs2_setattr"),
        (("__schedule", "schedule", "vhci_shutdown_connection"), "vhci_shutdown_connection"),
    ],
)
def test_a_hang_is_named_by_who_waits_or_by_the_wait_that_all_share(
    stack: tuple[str, ...], function: str
) -> None:
    assert hung(*stack) == function


@pytest.mark.parametrize(
    ("wrapper", "name"),
    [
        ("__x64_sys_rmdir", "sys_rmdir"),
        ("__arm64_sys_rmdir", "sys_rmdir"),
        ("sys_openat2", "openat2"),
        ("SyS_pause", "pause"),
        ("__se_sys_mremap", "mremap"),
    ],
)
def test_the_name_of_a_system_call_loses_one_wrapper(wrapper: str, name: str) -> None:
    found, others = blame.named(wrapper)
    assert found == name
    assert wrapper in others


def test_paths_are_those_of_the_tree() -> None:
    assert _in_tree("/build/linux-6.2/drivers/ata/libahci.c") == "drivers/ata/libahci.c"
    assert _in_tree("./include/linux/list.h") == "include/linux/list.h"
    assert _in_tree("../arch/arm64/kernel/traps.c") == "arch/arm64/kernel/traps.c"
    assert _below("sound/core/oss/pcm_oss.c", "sound/core/pcm_lib.c")
    assert not _below("sound/core/pcm_lib.c", "sound/core/oss/pcm_oss.c")
    assert not _below("sound/core/timer.c", "sound/core/pcm_lib.c")
