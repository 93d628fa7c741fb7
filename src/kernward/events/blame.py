"""Which function is responsible: the first frame that is not machinery, and why each other was passed over.

A report's top frames are those that noticed, printed, allocated, locked or copied. `MACHINERY` names
them by group, each group with the reason a reader is given. A stall is different: the code that is
stuck runs through many functions, so the one that stands for it is the entry into that code (a
system call, a file or socket operation, a work item), the frame inside the first generic dispatcher.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

from kernward.events.report import Parts, Trace
from kernward.records.events import Frame, SkippedFrame

# Compiler suffixes: clones and parts of one source function.
_SUFFIX = re.compile(
    r"(?:\.(?:isra|part|constprop|cold|llvm|cfi|cfi_jt|clone|lto_priv|localalias|str)(?:\.\d+)*|\.\d+|\$\w+)+$"
)
# Wrappers that SYSCALL_DEFINE and COMPAT_SYSCALL_DEFINE make around one system call.
_SYSCALL = re.compile(
    r"^(?:__(?:x64|ia32|arm64|s390x|s390|riscv|powerpc|se|do)_)?(?:compat_)?(?:sys_|SyS_|SYSC_|__ia32_sys_)(?P<call>\w+)$"
)


@lru_cache(maxsize=65536)
def plain(function: str) -> str:
    """The function's name in the source: compiler suffixes and call thunks' prefixes off."""
    name = _SUFFIX.sub("", function)
    if name.startswith(("__pfx_", "__cfi_")):
        name = name[6:]
    return name.lstrip(".") if name[:1] == "." else name


def any_of(words: str) -> "Callable[[str], re.Match[str] | None]":
    """A matcher of names: `words` are regexes of whole names, with white space between them.

    It is compiled when it is first used: most logs hold no report with a stack.
    """
    compiled: list[Callable[[str], re.Match[str] | None]] = []

    def match(name: str) -> re.Match[str] | None:
        if not compiled:
            compiled.append(re.compile(rf"(?:{'|'.join(words.split())})$").match)
        return compiled[0](name)

    return match


PRINTS = "prints the report"
HANDLES = "takes the exception"
ALLOCATES = "allocates or frees memory for its caller"
_GROUPS: tuple[tuple[str, str], ...] = (
    (
        PRINTS,
        r"""
        (?:__)?dump_stack(?:_lvl)? show_stack(?:_log_lvl)? show_trace(?!_log_lvl)\w* dump_backtrace unwind_backtrace
        walk_stackframe
        print_\w+_bug(?:_entry)? print_lock(?:s|_\w+)? asswarn xfs_asswarn
        print_(?:address_description|report|bad_pte|trailer|usage_bug|circular_bug|deadlock_bug|stack_trace|other_cpu_stall|cpu_stall|bad_irq_dependency|irq_inversion_bug)\w*
        _?_?(?:kasan|asan|hwasan|kmsan|msan|kcsan|tsan|kfence)_\w+ __(?:asan|hwasan|msan|tsan)_\w+
        (?:__)?ubsan_\w+ handle_overflow val_to_string object_err
        report_(?:bug|enabled|usercopy|cfi_failure)\w* check_memory_region(?:_inline)?
        memory_is_(?:poisoned|nonaccessible)\w* check_region_inline kasan_check_range bytes_is_nonzero
        end_report start_report assfail check_pointer(?:_msg)? va_format
        (?:widen|symbol|ip|ip4|ip6|ip4_addr|ip6_addr|uuid|hex|mac_address|resource|bitmap|bitmap_list|escaped|fourcc)_string
        dentry_name file_dentry_name seq_v?printf
        _?(?:dev|netdev)_(?:err|warn|info|notice|emerg|alert|crit|dbg) panic __panic panic_saved_regs vpanic nmi_panic
        _{0,2}warn(?:_slowpath\w*|_printk|_alloc\w*|_flushing\w*)? warn_alloc\w* check_panic_on_warn
        oops_\w+ die(?:_\w+)? __die\w* do_trap\w* do_error_trap fixup_bug handle_bug bug_handler brk_handler
        call_break_hook __stack_chk_fail __fortify_(?:panic|report) fortify_panic usercopy_(?:abort|warn)
        nmi_\w+ arch_trigger_\w+ trigger_\w*backtrace (?:__)?perf_event_(?:nmi_handler|overflow\w*)
        default_do_nmi do_nmi end_repeat_nmi print_modules dump_page __dump_page bad_page
        free_page_is_bad_report bad_page_from_\w+ check_(?:new|free)_page_bad bad_range
        __page_table_check_\w+ _?sched_show_task show_state\w* debug_show_\w+ dump_cpu_task
        dump_stack_print_info show_regs\w* __show_regs stack_trace_\w+ save_(?:stack|trace)\w* set_track\w*
        (?:arch_)?stack_walk\w* get_perf_callchain __read_once_word_nocheck __x86_indirect_\w+
        __x86_return_thunk srso_\w+ retbleed_\w+ skb_(?:over|under)?_?panic assertfail btrfs_assertfail
        \w+_fs_panic __\w+fs_panic \w+_is_static_object ftrace_\w*caller\w*
        """,
    ),
    (
        HANDLES,
        r"""
        do_debug_exception exc_\w+ asm_exc_\w+ do_invalid_op invalid_op do_undef\w* trap_(?:c|entry|handler) idtentry_\w+
        (?:trace_)?(?:do_)?page_fault mm_fault_error fixup_exception ex_handler_\w+ do_el1_\w+ do_sea
        do_alignment_fault do_sp_pc_abort arm64_notify_die bug_brk_handler ubsan_(?:brk_)?handler
        pgm_check_(?:ext|handler) __do_pgm_check do_dat_exception do_protection_exception
        monitor_event_exception handle_fault_error\w* do_no_context _{0,2}bad_page_fault _exception(?:_pkey)?
        (?:data|instruction)_access_\w+ emulation_assist_\w+ handle_(?:tlb\w+|bp|tr|ade[ls]|ri|fpe)(?:_int)?
        tlb_do_page_fault_\d do_(?:bp|tr|tr_or_bp|ade|ale|ri|be)
        (?:async_)?page_fault(?:_oops)? (?:__)?do_(?:async_)?page_fault (?:__)?do_kernel_fault
        do_translation_fault do_serror arm64_(?:serror_panic|is_fatal_ras_serror) do_tag_check_fault do_tag_recovery print_tainted program_check_\w+
        __program_check panic_bad_stack handle_bad_stack __bad_stack do_mem_abort do_bad_area
        (?:__)?bad_area\w* no_context pgtable_bad spurious_kernel_fault do_user_addr_fault
        do_kern_addr_fault handle_page_fault kernelmode_fixup_or_oops show_fault_oops
        (?:do_)?general_protection do_divide_error divide_error (?:do_)?double_fault do_stack_segment
        stack_segment (?:do_)?coprocessor_\w+ handle_exception error_(?:code|entry|return) common_interrupt
        do_(?:DataAbort|PrefetchAbort) __dabt_svc __irq_svc __und_svc
        el1_\w+ el1h?_\d+_\w+ __el1_irq el0_\w+ el0t_\w+
        """,
    ),
    (
        "checks on behalf of its caller",
        r"""
        refcount_\w+ __refcount_\w+ kref_\w+ __list_(?:add|del)\w* list_(?:add|del|move|splice|replace)\w*
        __hlist_\w+ hlist_\w+ __might_(?:sleep|resched|fault) ___might_sleep might_(?:fault|alloc\w*)
        __schedule_bug schedule_debug
        debug_(?:check_no_\w+|object_\w+|print_object|smp_processor_id|lockdep_\w+|mutex_\w+|rt_mutex\w*|spin_\w+|write_\w+|work_\w+|timer_\w+|rcu_\w+|hrtimer_\w+)
        __debug_(?:check_no_\w+|object_\w+) __this_cpu_preempt_check check_preemption_disabled
        (?:cfs_)?check_flush_dependency check_heap_object __check_(?:heap_object|object_size)
        check_stack_object check_page_span check_object_size ref_tracker_\w+ test_(?:bit|and_\w+_bit)
        _test_bit variable_test_bit arch_test_bit constant_test_bit (?:arch_|raw_)?atomic(?:64|_long)?_\w+
        instrument_\w+
        check_(?:kcov_mode|chain_key|noncircular|prev_add|prevs_add|wait_context|prev_add_irq|irq_usage|usage|deadlock)
        validate_chain\w* __sanitizer_cov_\w+ write_comp_data kcov_\w+ cfi_\w+ __cfi_\w+
        (?:__)?rcu_lockdep_\w+ lockdep_\w+
        rcu_(?:read_lock\w*|read_unlock\w*|is_watching\w*|note_\w+|dereference\w*) rcu_preempt_need\w*
        """,
    ),
    (
        ALLOCATES,
        r"""
        get_(?:any_)?partial\w* check_(?:object|bytes_and_report|slab|pad_bytes)\w* slab_pad_check on_freelist
        _{0,4}k(?:m|z|c|re|v|vm|vz)alloc\w* _{0,3}kmem_cache_(?:alloc|free|shrink|create|destroy)\w*
        _{0,3}k(?:v|z)?free\w* __kfree\w* kfree_\w+ _{0,3}slab_\w+ __slab_\w+ slab_\w+ ___slab_alloc
        check_(?:object|slab|bytes_and_report|pad_bytes|valid_pointer) on_freelist
        (?:alloc|free)_consistency_checks new_slab\w* allocate_slab deactivate_slab unfreeze_partials put_cpu_partial discard_slab
        free_(?:debug_processing|to_partial\w*|consistency\w*|slab|block|large_kmalloc) do_slab_free
        alloc_debug_processing cache_(?:alloc|free|grow|flusharray|reap|estimate)\w* ____cache_alloc\w*
        __cache_free __do_(?:cache_alloc|kmalloc\w*|cache_free) fallback_alloc
        virt_to_(?:cache|slab|head_page|folio) qlink_to_object qlink_free quarantine_\w+ __free_slab
        _{0,3}alloc_(?:pages|page|percpu|frozen_pages)\w* __alloc_pages\w* __perform_reclaim
        _{0,2}(?:filemap_|vma_)?(?:folio_alloc|alloc_folio)\w* _{0,2}get_(?:free_pages|zeroed_page)\w*
        make_alloc_exact get_page_from_freelist __free_(?:pages|one_page)\w*
        free_(?:pages|unref|pcp|hot_cold|one_page|the_page)\w* rmqueue\w* prep_(?:new|compound)_page
        post_alloc_hook _{0,2}vmalloc\w* vzalloc\w* __vunmap vfree\w* __vfree\w* vmap\w* vunmap\w*
        alloc_vmap_area __get_vm_area\w* alloc_inode\w* sock_[kw]malloc sock_alloc_\w+ remove_vm_area
        kvmalloc\w* pcpu_alloc\w* __alloc_percpu\w* free_percpu krealloc\w* __do_krealloc kmemdup\w*
        kstrdup\w* kasprintf kvasprintf\w* memdup_\w+ strndup_user mempool_\w+ dma_pool_\w+ should_fail\w*
        __should_fail\w* fail_dump fault_create\w* should_failslab page_pool_\w+ __page_pool_\w+ ksize
        __ksize krealloc_\w+ memblock_\w+ kmemleak_\w+ create_object __create_object delete_object\w*
        """,
    ),
    (
        "takes or waits for a lock for its caller",
        r"""
        _{0,3}(?:raw_)?(?:spin|read|write)_(?:lock|unlock|trylock)\w* do_raw_\w+ __raw_\w+ _raw_\w+
        spin_(?:bug|dump|lock\w*|unlock\w*) rwlock_bug (?:native_|__pv_|pv_)?queued_\w+ virt_spin_lock
        arch_(?:spin|read|write)_\w+ kvm_wait pv_wait\w* xen_qlock_wait _{0,3}mutex_\w+ __mutex_\w+
        mutex_\w+ ww_mutex_\w+ __ww_mutex_\w+ rt_mutex_\w+ __rt_mutex_\w+ rt_spin_\w+ rt_(?:read|write)_\w+
        rtlock_\w+ __rt_\w+ rwbase_\w+
        _{0,2}(?:down|up)(?:_read|_write|_common|_interruptible|_killable|_trylock|_timeout)*(?:_nested|_nest_lock|_non_owner|_killable|_interruptible|_common)*
        rwsem_\w+ __rwsem_\w+ call_rwsem_\w+ downgrade_write percpu_(?:down|up|rwsem)_\w+ __percpu_\w+
        lock_(?:acquire|release|acquired|contended|commit|timer_base)
        __lock_(?:acquire|release) __lock_timer_base lock_hrtimer_base
        (?:local|local_bh|local_irq)_(?:lock|unlock|disable|enable|save|restore)\w* __local_bh_\w+
        reacquire_held_locks? find_held_lock match_held_lock lock_(?:set_class|downgrade|pin_lock|unpin_lock)
        __lock_(?:set_class|downgrade|contended|pin_lock|unpin_lock) add_lock_to_list zap_class
        _{0,2}raw_spin_rq_\w+ register_lock_class mark_(?:lock\w*|usage|held_locks) __bfs find_usage\w* assign_lock_key
        look_up_lock_class hlock_class \w*task_rq_lock\w* _?atomic_dec_and_\w+ refcount_dec_and_\w+
        lock_sock\w* __lock_sock release_sock seqcount_\w+ _{0,2}seqprop_\w+ do_(?:read|write)_seq\w*
        read_seq\w* write_seq\w* osq_\w+ debug_locks_off lockref_\w+ bit_spin_\w+ hlist_bl_lock
        trace_hardirqs_\w+ trace_softirqs_\w+ rcu_sync_\w+ preempt_(?:schedule\w*|count_\w+) ___preempt_\w+
        __cond_resched\w* _cond_resched class_\w+_(?:constructor|destructor)
        """,
    ),
    (
        "copies, compares or formats for its caller",
        r"""
        _{0,3}mem(?:cpy|set|move|cmp|chr|scan)\w*
        _{0,3}str(?:n|l|r|s|p|c)?(?:cpy|cat|len|cmp|chr|str|casecmp|ncpy|ncmp|nlen|lcpy|scpy|sep|pbrk|spn|cspn)\w*
        __pi_\w+ __?memzero mmioset mmiocpy fallback_scalar_usercopy csum_and_copy_\w+
        sized_strscpy kstrto\w+ _parse_integer\w* \w*_?copy_(?:from|to|in)_user\w* __?copy_\w*user\w*
        copy_user_\w+ _copy_(?:from|to)_\w+ __arch_copy_\w+ copy_(?:mc_)?(?:page|highpage)(?:_mc|_regs|_rep)? clear_user\w*
        __clear_user rep_(?:movs|stos)\w* fault_in_\w+ v?s(?:n|c)?printf vscnprintf sc?nprintf
        string(?:_nocheck)? vprintk\w* _?printk\w* (?:_dev_|dev_|netdev_|v?printk_)\w*printk\w* pointer
        number format_decode console_(?:unlock|flush_all|emit\w*) csum_partial\w* do_csum
        crc(?:16|32|64|_t10dif|_ccitt)\w* hex_dump_to_buffer print_hex_dump\w* simple_copy_to_iter
        copy_(?:to|from)_iter\w* _copy_(?:to|from)_iter\w* read_word_at_a_time
        find_(?:next|first|last)_\w*bit\w* _find_\w+_bit\w* bitmap_\w+ __bitmap_\w+ __put_user\w*
        __get_user\w* put_user\w* get_user\w* crc_\w+
        """,
    ),
    (
        "is generic list, tree, wait or object code",
        r"""
        bus_(?:add|remove)_device device_pm_(?:add|remove)
        device_(?:del|add|unregister|register|initialize|is_registered|destroy|create\w*|remove_\w+)
        (?:dpm_)?sysfs_\w+ i2c_(?:add|del)_\w*adapter tty_(?:un)?register_device\w*
        kernfs_(?:remove|find|get|put|add|create|new)\w* debugfs_\w+ (?:get|put)_device kobject_\w+
        __kobject_\w+ klist_\w+ kthread_(?:stop|park|unpark) (?:folio_)?unlock_page folio_wake\w*
        wake_up_page\w* folio_unlock end_page_writeback folio_end_writeback complete(?:_all|_with_flags)?
        swake_up\w* wait_for_completion\w* (?:do_|__)?wait_for_common\w* __wake_up\w*
        wake_up_(?!new_task)\w+ prepare_to_wait\w* add_wait_queue\w* remove_wait_queue\w* finish_wait
        try_to_wake_up
        _{0,2}skb_(?:pull|push|put|trim|may_pull|pull_tail|clone|copy\w*|unlink|queue_\w+|dequeue\w*|get|orphan\w*|set_owner_\w+)
        pskb_\w+ (?:del|mod|add)_timer\w* _{0,2}timer_(?:delete|shutdown)\w*
        _{0,2}try_to_del_timer_sync __mod_timer
        _{0,2}hrtimer_(?:cancel|active|start\w*|try_to_cancel|init\w*|setup\w*) init_timer\w* internal_add_timer
        detach_\w+timer\w* __queue_work queue_(?:delayed_)?work\w* insert_work flush_work\w* __flush_work\w*
        flush_workqueue __flush_workqueue drain_workqueue destroy_workqueue cancel_(?:delayed_)?work\w*
        __cancel_work\w* (?:disable|enable)_(?:delayed_)?work\w* mod_delayed_work\w* start_flush_work
        insert_wq_barrier call_rcu\w* __call_rcu\w* kfree_call_rcu\w* kvfree_call_rcu rcu_barrier\w*
        call_srcu __call_srcu xa[s]?_\w+ __xa_\w+ radix_tree_\w+ __radix_tree_\w+ idr_\w+ ida_\w+ mas_\w+
        mt_\w+ mtree_\w+ __raw_(?:read|write)[bwlq] (?:read|write)[bwlq](?:_relaxed)?
        io(?:read|write)(?:8|16|32|64)\w* logic_(?:in|out)\w+ (?:in|out)[bwl] iput\w* dput fast_dput dget
        fput usb_(?:submit|kill|unlink|poison|free)_urb\w* cleanup_srcu_struct try_to_grab_pending
        rb_(?:erase|insert|next|first|prev|last)\w* __rb_\w+ ___rb_\w+ llist_\w+ plist_\w+
        __read_once_size\w* __write_once_size\w* rcu_segcblist_\w+
        """,
    ),
)
_MACHINERY = tuple((reason, any_of(words)) for reason, words in _GROUPS)

# What a task that waits goes through on its way to sleep.
_WAITING = any_of(r"""
    __switch_to\w* context_switch __schedule schedule(?:_\w+)? preempt_schedule\w* io_schedule\w*
    rt_mutex_schedule (?:do_|__)?wait_for_common\w* __wait_for_common do_wait_for_common
    wait_for_completion\w* wait_for_common\w* bit_wait\w* __wait_on_bit\w* out_of_line_wait_on_bit\w*
    wait_on_bit\w* __wait_on_buffer wait_on_buffer (?:__)?wait_on_page\w* _{0,2}filemap_fdatawait\w*
    filemap_write_and_wait\w* wait_on_page_bit\w* (?:__)?folio_(?:wait|lock)\w* (?:__)?lock_page\w*
    wait_woken prepare_to_wait\w* do_wait_intr\w* __lock_sock lock_sock\w* flush_(?:work|workqueue)\w*
    __flush_(?:work|workqueue)\w* start_flush_work __cancel_work\w* cancel_(?:delayed_)?work_sync
    drain_workqueue ldsem_\w+ console_lock fdatawait_\w+ __ldsem_\w+ __refrigerator try_to_freeze
    usleep_range\w* msleep\w* synchronize_hardirq wait_rcu_gp __wait_rcu_gp kthread_stop rwsem_down_\w+
    __rwsem_down_\w+ freezable_schedule\w* rt_mutex_slowlock\w* task_blocks_\w+ futex_wait_queue\w*
""")
# Beyond these, a subsystem's own lock or wait says so in its name (jbd2_log_wait_commit, tty_ldisc_lock).
_WAITS = re.compile(
    r"sched|_lock|slowlock|(?:^|_)down(?:_|$)|rwsem|completion|kthread|wait|synchronize|rcu_barrier"
).search
# Two waits that hold up all the kernel when they do: whoever comes by is a victim, so the wait itself is named.
_COMMON_WAIT = re.compile(r"_*(?:(?P<rtnl>rtnl_lock)|synchronize_(?:rcu|srcu|net|sched))").match
# Several ways into one wait: the community reports them under the plain call.
_SAME_WAIT = {
    "synchronize_rcu_expedited": "synchronize_rcu",
    "synchronize_rcu_normal": "synchronize_rcu",
    "__synchronize_srcu": "synchronize_rcu",
    "synchronize_srcu": "synchronize_rcu",
    "synchronize_srcu_expedited": "synchronize_rcu",
    "synchronize_sched": "synchronize_rcu",
    "synchronize_net": "synchronize_rcu",
    "smp_call_function_single": "smp_call_function",
    "smp_call_function_many": "smp_call_function",
    "smp_call_function_many_cond": "smp_call_function",
    "generic_exec_single": "smp_call_function",
}
# The interrupt that noticed a stall, up to the code it interrupted.
_NOTICING = any_of(r"""
    rcu_(?:dump_\w+|check_\w+|pending|sched_clock_irq|print_\w+|stall_\w+|implicit_\w+|exp_\w+|cpu_kthread\w*|eqs_\w+|irq_\w+|nmi_\w+|core_si)
    __rcu_pending print_(?:other_)?cpu_stall\w* check_cpu_stall synchronize_rcu_expedited_wait
    update_process_times account_\w+ tick_\w+ __?run_hrtimer __hrtimer_run_queues
    hrtimer_(?:interrupt|run_queues|wakeup) (?:local|smp|xen)_?\w*apic_timer_interrupt
    (?:smp_)?\w*apic_\w*interrupt\w* \w+_after_kaiser\w* __?sysvec_\w+ asm_sysvec_\w+ instr_sysvec_\w+
    asm_call_\w+ run_sysvec_\w+ reschedule_interrupt call_function_(?:single_)?interrupt
    smp_(?:reschedule|call_function)\w*interrupt __?irq_exit\w* irq_enter\w* ret_from_intr retint_\w+
    restore_regs\w* (?:asm_)?common_interrupt do_IRQ interrupt_entry
    watchdog_(?:timer_fn|overflow_callback|hardlockup_check) is_softlockup arch_timer_handler\w*
    arch_timer_interrupt handle_(?:percpu|domain|fasteoi|edge|level|arch|irq)\w* generic_handle_\w+
    __handle_\w*irq\w* gic_handle_irq timer_handler handle_irq_desc do_interrupt_handler el1_irq el1h_64_\w+
    call_on_irq_stack el1_interrupt el1h_64_irq\w* __el1_irq timer_interrupt riscv_timer_\w+ do_irq\w*
    handle_riscv_irq ipi_handler __flush_smp_call_function_queue flush_smp_call_function\w*
    generic_smp_call_function\w* csd_\w+ __irq_svc nmi\w* __gic_handle_\w+ (?:do_)?handle_IPI
    riscv_intc_(?:aia_)?irq do_(?:irq_async|ext_irq|ext_interrupt|vint) ext_int_handler clock_comparator_\w+
    __timer_interrupt decrementer_common\w* handle_int plat_irq_dispatch \w+_(?:compare|timer)_interrupt
    handle_(?:loongarch|cpu)_irq __common_interrupt
""")
_INTERRUPT = any_of(r"""
    (?:smp_)?\w*apic_timer_interrupt asm_sysvec_\w+ asm_common_interrupt ret_from_intr el1_irq
    el1h_64_irq\w* __irq_svc \w*call_function\w*interrupt reschedule_interrupt
""")
# Of these, what no interrupted code ever calls: the watchdogs themselves.
_NOTICED = any_of(r"""
    rcu_(?:dump_cpu_stacks|check_gp_kthread\w*|pending|sched_clock_irq|check_callbacks|print_\w+|stall_\w+)
    __rcu_pending print_(?:other_)?cpu_stall\w* check_cpu_stall update_process_times
    tick_(?:sched|nohz|periodic)_\w+ watchdog_(?:timer_fn|overflow_callback|hardlockup_check)
    nmi_(?:cpu_backtrace\w*|trigger\w*|handle) arch_trigger_\w+ default_do_nmi end_repeat_nmi asm_exc_nmi
    perf_event_nmi_handler
""")
# Generic dispatchers: the frame just inside the first of them stands for what is stuck.
_DISPATCHERS = any_of(r"""
    (?:__|new_sync_|do_|ksys_|k|kernel_)?(?:vfs_)?(?:read|write)(?:_iter|v)?
    (?:__)?vfs_(?:read|write|readv|writev|iter_\w+|ioctl|fallocate|mmap) call_(?:read|write)_iter
    do_(?:iter|loop)_\w+ do_sync_\w+ new_sync_\w+ ksys_\w+ do_vfs_\w+ file_ioctl compat_ioctl_\w+
    sock_(?:sendmsg|recvmsg|read_iter|write_iter|ioctl|do_ioctl|close|common_setsockopt|common_getsockopt)\w*
    __sock_sendmsg\w* __sock_release
    __sys_(?:sendto|recvfrom|setsockopt|getsockopt|connect|bind|listen|accept|socket)\w* do_sock_setsockopt
    nf_sockopt __fput ____fput task_work_run exit_to_usermode_loop exit_to_user_mode_\w+
    syscall_exit_to_user_mode\w* do_exit do_group_exit get_signal do_signal process_one_work
    process_scheduled_works worker_thread kthread call_timer_fn __run_timers run_timer_softirq expire_timers
    __run_hrtimer tasklet_action\w* hrtimer_run_softirq __do_softirq do_softirq\w* handle_softirqs
    invoke_softirq run_ksoftirqd smpboot_thread_fn softirq_\w+ net_rx_action __napi_poll napi_poll
    process_backlog deliver_(?:ptype_list_)?skb __netif_receive_skb\w* netif_receive_skb\w*
    rtnetlink_rcv_msg nfnetlink_rcv_msg do_dentry_open mmap_region blkdev_(?:driver_)?ioctl
    sysenter_dispatch tracesys_phase2 irq_exit\w* cpu_startup_entry start_secondary cpu_idle\w* rest_init
    do_mmap\w* __mmap_region call_mmap vm_mmap\w* do_one_initcall do_syscall_64 do_syscall_x64 x64_sys_call
    do_\w*_?syscall_32\w* do_fast_syscall_32 __do_fast_syscall_32 do_int80_syscall_32 entry_\w+
    ret_from_fork\w* ret_fast_syscall ret_from_syscall el0_svc\w* invoke_syscall system_call\w* rcu_do_batch
    rcu_core rcu_process_callbacks rcu_gp_kthread
    proc_reg_\w+ pde_\w+ kernfs_fop_(?:read|write|mmap)\w* sysfs_kf_\w+ full_proxy_\w+ debugfs_attr_\w+
    simple_attr_\w+ seq_read(?:_iter)? proc_sys_call_handler proc_sys_(?:read|write) cgroup_file_write
    configfs_(?:read|write)_iter dev_attr_store kobj_attr_store
""")
# System calls whose number says nothing about what is stuck: what they call does.
_BROAD_CALLS = frozenset(
    "read write readv writev pread64 pwrite64 preadv pwritev preadv2 pwritev2 ioctl close connect socketpair "
    "setsockopt getsockopt".split()
)
_ENTRY = any_of(r"""
    do_syscall_\w+ x64_sys_call entry_\w+ ret_from_fork\w* el0_\w+ invoke_syscall __invoke_syscall
    do_el0_svc ret_fast_syscall system_call\w* do_fast_syscall_32 __do_fast_syscall_32 do_int80_\w+ kthread
    worker_thread process_one_work process_scheduled_works start_secondary secondary_startup\w*
    cpu_startup_entry x86_64_start\w* start_kernel kernel_thread_starter do_notify_resume syscall_return_\w+
    work_pending ret_to_user swapgs_\w+ fast_exception_return __do_softirq handle_softirqs
""")


@lru_cache(maxsize=65536)
def machinery(function: str) -> str | None:
    """Why a function of this (plain) name is never the responsible one; None when it may be."""
    for reason, match in _MACHINERY:
        if match(function):
            return reason
    return None


def syscall(function: str) -> str | None:
    """The system call that a wrapper's name stands for: `__x64_sys_rmdir` gives `rmdir`."""
    match = _SYSCALL.match(function)
    return match["call"] if match else None


class Blamed:
    """The outcome: the function's name and frame, a reason in words, what was skipped, other names."""

    __slots__ = ("frame", "function", "others", "reason", "skipped")

    def __init__(
        self,
        function: str | None = None,
        reason: str | None = None,
        frame: Frame | None = None,
        skipped: Iterable[SkippedFrame] = (),
        others: Sequence[str] = (),
    ) -> None:
        self.function = function
        self.reason = reason
        self.frame = frame
        self.skipped = tuple(skipped)
        self.others = tuple(others)


def named(function: str) -> tuple[str, tuple[str, ...]]:
    """The name a title uses for a function, and the other names the same code is known by."""
    same = _SAME_WAIT.get(function)
    if same:
        return same, (function,)
    match = _SYSCALL.match(function)
    if match is None:
        return function, ()
    call = match["call"]
    if function.startswith(
        ("__se_sys_", "__se_compat_sys_", "__do_sys_", "__do_compat_sys_", "SyS_", "SYSC_", "compat_SyS_")
    ):
        return call, (function, "sys_" + call) if function.startswith("__se_") else (function,)
    if function.startswith("sys_"):
        return call, (function,)
    return "sys_" + call, (function,)


def _chosen(frame: Frame, reason: str, skipped: list[SkippedFrame]) -> Blamed:
    function, others = named(plain(frame.function))
    return Blamed(function, reason, frame, skipped, others)


def first_responsible(
    frames: Iterable[Frame], extra: Sequence[tuple["re.Pattern[str]", str]] = (), *, waiting: bool = False
) -> Blamed:
    """The first reliable frame that is not machinery."""
    skipped: list[SkippedFrame] = []
    fault: Frame | None = None
    named_so: Frame | None = None
    for frame in frames:
        if frame.inline or not frame.reliable:
            continue
        name = plain(frame.function)
        why = machinery(name)
        if waiting and (common := _COMMON_WAIT(name)):
            found = _chosen(
                frame, "the wait that many tasks share; the cause is who does not end it", skipped
            )
            found.function = "rtnl_lock" if common["rtnl"] else "synchronize_rcu"
            found.others = () if found.function == name else (name,)
            return found
        if why is None and waiting and _WAITING(name):
            why = "is the wait itself"
        if why is None and waiting and _WAITS(name) and not _ENTRY(name):
            why = "is a wait or a lock by its name"
            named_so = frame
        if why is None:
            for pattern, reason in extra:
                if pattern.match(name):
                    why = reason
                    break
        if why is None:
            if _ENTRY(name) and skipped:
                break  # what follows is how every task gets into the kernel
            return _chosen(frame, "the first frame that is not machinery", skipped)
        if len(skipped) < 64:
            skipped.append(SkippedFrame(name, why))
        if why == HANDLES and fault is None:
            fault = frame
    if named_so is not None:
        return _chosen(
            named_so, "the outermost wait before the task's entry; nothing else is on the stack", skipped
        )
    if fault is not None:
        # Nothing but machinery down to the entry: it is the exception's own code that failed.
        return _chosen(fault, "the exception's own code; all other frames are machinery", skipped)
    return Blamed(skipped=skipped)


def interrupted(frames: Sequence[Frame]) -> int:
    """Where in a stack the interrupted code begins, below the interrupt that noticed the stall."""
    start = 0
    for number, frame in enumerate(frames):
        if _NOTICED(plain(frame.function)):
            start = number + 1
    while start < len(frames) and (
        frames[start].inline
        or _NOTICING(plain(frames[start].function))
        or machinery(plain(frames[start].function)) == PRINTS
    ):
        start += 1
    return start if start < len(frames) else 0


def stalled(frames: Sequence[Frame], extra: Sequence[tuple["re.Pattern[str]", str]] = ()) -> Blamed:
    """What a CPU that does not answer was doing: the entry into the code that it runs.

    `frames` are those of the interrupted code and may begin with the interrupt that noticed.
    """
    reliable = [frame for frame in frames if frame.reliable and not frame.inline]
    start = interrupted(reliable)
    skipped = [SkippedFrame(plain(frame.function), "noticed the stall") for frame in reliable[:start][:32]]
    previous: Frame | None = None
    for frame in reliable[start:]:
        name = plain(frame.function)
        if previous is None and _SAME_WAIT.get(name) == "smp_call_function":
            return _chosen(frame, "waits for another CPU to answer", skipped)
        call = syscall(name)
        if call is not None and call not in _BROAD_CALLS:
            return _chosen(frame, "the system call that does not come back", skipped)
        if _DISPATCHERS(name) or call is not None:
            if previous is not None:
                return _chosen(previous, f"the first code inside {name}", skipped)
            skipped.append(SkippedFrame(name, "is a generic dispatcher"))
            continue
        why = machinery(name) or (
            "is how a task leaves the CPU" if name in ("__switch_to", "__switch_to_asm") else None
        )
        if why is None and _NOTICING(name):
            why = "is interrupt entry code"
        if why == HANDLES or (why is not None and _INTERRUPT(name)):
            previous = None  # the code that faulted or was interrupted stands further out
        if why is None:
            for pattern, reason in extra:
                if pattern.match(name):
                    why = reason
                    break
        if why is None:
            if previous is not None and len(skipped) < 64:
                skipped.append(SkippedFrame(plain(previous.function), "is deeper in the same stuck code"))
            previous = frame
        elif len(skipped) < 64:
            skipped.append(SkippedFrame(name, why))
    if previous is not None:
        return _chosen(previous, "the outermost code of the stack", skipped)
    return Blamed(skipped=skipped)


def crash_frames(parts: Parts) -> list[Frame]:
    """The instruction pointer, where it is the kernel's, then the stack that belongs to the crash."""
    trace = parts.trace("crash") or parts.trace("leak", "access")
    frames = list(trace.frames) if trace else []
    if parts.ip is not None and (trace is None or parts.ip_line <= trace.last + 64):
        first = next((frame for frame in frames if frame.reliable), None)
        if first is None or plain(first.function) != plain(parts.ip.function):
            frames.insert(0, parts.ip)
    return frames


def traces(parts: Parts) -> list[Trace]:
    """All stacks that show running or waiting code: not where memory came from, not RCU's own kthread."""
    return [
        trace
        for trace in parts.traces
        if trace.frames
        and trace.role.startswith(("crash", "cpu", "task"))
        and not any(frame.function.startswith("rcu_gp_") for frame in trace.frames)
    ]
