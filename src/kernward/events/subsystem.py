"""Which subsystem a source file or a function belongs to, in the words of kernel patch subjects.

A file's path decides; without one, the function's prefix does where the kernel's naming is strict.
An unknown function gives None: no guess.
"""

import re
from functools import lru_cache

# Longest prefix wins. The names are those that subjects of patches use.
_FOLDERS: dict[str, str] = {
    "arch/arm64/kvm": "KVM: arm64",
    "arch/x86/kvm": "KVM: x86",
    "virt/kvm": "KVM",
    "arch/x86": "x86",
    "arch/arm64": "arm64",
    "arch/arm": "ARM",
    "arch/powerpc": "powerpc",
    "arch/s390": "s390",
    "arch/riscv": "riscv",
    "arch/mips": "MIPS",
    "arch/loongarch": "LoongArch",
    "arch/parisc": "parisc",
    "arch/sparc": "sparc",
    "arch/m68k": "m68k",
    "arch/um": "um",
    "block": "block",
    "crypto": "crypto",
    "drivers/acpi": "ACPI",
    "drivers/android": "binder",
    "drivers/ata": "ata",
    "drivers/base": "driver core",
    "drivers/block": "block",
    "drivers/bluetooth": "Bluetooth",
    "drivers/char": "char",
    "drivers/crypto": "crypto",
    "drivers/dma": "dmaengine",
    "drivers/gpu/drm": "drm",
    "drivers/hid": "HID",
    "drivers/infiniband": "RDMA",
    "drivers/input": "Input",
    "drivers/iommu": "iommu",
    "drivers/md": "dm/md",
    "drivers/media": "media",
    "drivers/mmc": "mmc",
    "drivers/net/wireless": "wifi",
    "drivers/net": "net drivers",
    "drivers/nvme": "nvme",
    "drivers/pci": "PCI",
    "drivers/scsi": "scsi",
    "drivers/staging": "staging",
    "drivers/target": "scsi: target",
    "drivers/tty": "tty",
    "drivers/usb": "USB",
    "drivers/vhost": "vhost",
    "drivers/video": "fbdev",
    "drivers/virtio": "virtio",
    "fs": "vfs",
    "fs/nfs": "nfs",
    "fs/nfsd": "nfsd",
    "fs/notify": "fsnotify",
    "fs/smb": "smb",
    "fs/sysfs": "driver core",
    "fs/kernfs": "driver core",
    "fs/debugfs": "driver core",
    "io_uring": "io_uring",
    "ipc": "ipc",
    "kernel/bpf": "bpf",
    "kernel/cgroup": "cgroup",
    "kernel/dma": "dma-mapping",
    "kernel/events": "perf",
    "kernel/irq": "genirq",
    "kernel/locking": "locking",
    "kernel/rcu": "rcu",
    "kernel/sched": "sched",
    "kernel/time": "timers",
    "kernel/trace": "tracing",
    "kernel": "kernel core",
    "lib": "lib",
    "mm": "mm",
    "net/bluetooth": "Bluetooth",
    "net/bridge": "bridge",
    "net/can": "can",
    "net/ceph": "ceph",
    "net/ipv4": "ipv4",
    "net/ipv6": "ipv6",
    "net/ipv4/netfilter": "netfilter",
    "net/ipv6/netfilter": "netfilter",
    "net/bridge/netfilter": "netfilter",
    "net/core": "net",
    "net/ethernet": "net",
    "net/ethtool": "ethtool",
    "net/netlink": "netlink",
    "net/packet": "packet",
    "net/sunrpc": "SUNRPC",
    "net/unix": "af_unix",
    "net/8021q": "vlan",
    "net/ieee802154": "ieee802154",
    "net/mac802154": "mac802154",
    "net/mac80211": "wifi: mac80211",
    "net/netfilter": "netfilter",
    "net/sched": "net/sched",
    "net/sctp": "sctp",
    "net/tipc": "tipc",
    "net/wireless": "wifi: cfg80211",
    "net/xdp": "xsk",
    "net": "net",
    "security": "security",
    "sound": "ALSA",
}
# fs/<name>/… and net/<name>/… are named for themselves.
_OWN_FOLDER = re.compile(r"(?:fs|net)/([a-z0-9_-]+)/")
# Prefixes of functions that only one subsystem uses.
_FUNCTIONS: tuple[tuple[str, str], ...] = (
    (r"ext4_|__ext4_", "ext4"),
    (r"jbd2_|__jbd2_", "jbd2"),
    (r"xfs_", "xfs"),
    (r"btrfs_|__btrfs_", "btrfs"),
    (r"f2fs_", "f2fs"),
    (r"gfs2_", "gfs2"),
    (r"ocfs2_", "ocfs2"),
    (r"nfs[34d]?_|nfsd_|rpc_|svc_|xprt_", "nfs"),
    (r"cifs_|smb2_|SMB2_", "smb: client"),
    (r"ceph_", "ceph"),
    (r"fuse_", "fuse"),
    (r"ovl_", "ovl"),
    (r"ntfs_|ni_|attr_|run_", "ntfs3"),
    (r"nilfs_", "nilfs2"),
    (r"hfs_|hfsplus_", "hfs"),
    (r"jfs_|db[A-Z]|di[A-Z]|ea_", "jfs"),
    (r"p9_|v9fs_", "9p"),
    (r"proc_", "proc"),
    (r"kernfs_|sysfs_", "driver core"),
    (r"tcp_|inet_|ip_|udp_|raw_|ipmr_|icmp_|arp_|fib_|igmp_", "ipv4"),
    (r"ip6_|ipv6_|tcp_v6|udpv6_|rt6_|fib6_|addrconf_|mld_|ndisc_|ip6mr_", "ipv6"),
    (r"nf_|nft_|xt_|ipt_|ip6t_|ip_set_|nfnl|nfqnl_|ip_vs_|ebt_|ctnetlink_", "netfilter"),
    (r"br_", "bridge"),
    (r"sctp_", "sctp"),
    (r"tipc_", "tipc"),
    (r"netlink_|genl_|rtnl_|rtnetlink_|dev_|netdev_|neigh_|skb_|sk_|sock_|napi_|__dev_|netif_", "net"),
    (r"tc_|qdisc_|tcf_|fq_|htb_|cake_|taprio_", "net/sched"),
    (r"packet_|tpacket_", "packet"),
    (r"l2cap_|hci_|rfcomm_|sco_|bt_|mgmt_", "Bluetooth"),
    (r"ieee80211_|sta_|mac80211_", "wifi: mac80211"),
    (r"cfg80211_|nl80211_", "wifi: cfg80211"),
    (r"bpf_|__bpf_|btf_", "bpf"),
    (r"perf_|__perf_", "perf"),
    (r"kvm_|vmx_|svm_|vcpu_", "KVM"),
    (r"snd_", "ALSA"),
    (r"drm_|amdgpu_|i915_|nouveau_|radeon_|vkms_", "drm"),
    (r"usb_|usbhid_|hub_|xhci_|ehci_|dwc2_|dwc3_", "USB"),
    (r"hid_|hidraw_", "HID"),
    (r"input_|evdev_", "Input"),
    (r"tty_|n_tty_|vt_|vc_|uart_|serial8250_|con_|do_con_", "tty"),
    (r"scsi_|sg_|sd_|sr_|zfcp_|fc_|iscsi_", "scsi"),
    (r"nvme_", "nvme"),
    (r"ata_|ahci_|sata_", "ata"),
    (r"blk_|__blk_|bio_|submit_bio|elv_|bdev_|blkdev_|loop_|nbd_", "block"),
    (r"dm_|md_|raid", "dm/md"),
    (r"mmc_|sdhci_", "mmc"),
    (r"pci_|pcie_|aer_|pciehp_", "PCI"),
    (r"acpi_", "ACPI"),
    (r"virtio_|virtqueue_|virtnet_", "virtio"),
    (r"io_uring_|io_(?:issue|submit|req|wq|poll|sq|cq|ring)_", "io_uring"),
    (r"binder_", "binder"),
    (r"cgroup_|css_|kernfs_|cpuset_", "cgroup"),
    (r"rcu_|srcu_|call_rcu|synchronize_rcu|synchronize_srcu", "rcu"),
    (r"sched_|enqueue_|dequeue_|pick_next_|update_curr|set_next_|try_to_wake_up|wake_up_", "sched"),
    (r"timer_|hrtimer_|clockevents_|tick_|posix_cpu_", "timers"),
    (r"ftrace_|trace_|tracing_|uprobe_|kprobe_", "tracing"),
    (
        r"vma_|mmap_|do_mmap|mremap|handle_mm_|filemap_|shmem_|swap_|unmap_|zap_|rmap_|hugetlb_|khugepaged|shrink_|mem_cgroup_|alloc_pages|migrate_|folio_|page_",
        "mm",
    ),
    (r"sys_rt|futex_", "futex"),
    (r"key_|keyctl_|keyring_", "keys"),
    (r"selinux_|avc_", "selinux"),
    (r"apparmor_|aa_", "apparmor"),
    (r"crypto_|aead_|skcipher_|alg_|hash_", "crypto"),
    (r"rds_", "rds"),
    (r"xfrm_|esp_|pfkey_", "xfrm"),
    (
        r"vfs_|do_sys_open|path_|link_path|d_|dput|iput|__dentry|lookup_|mount_|kern_mount|fput|__fput|inode_|simple_",
        "vfs",
    ),
    (r"ib_|rdma_|ucma_|mlx[45]_|cma_", "RDMA"),
    (r"media_|v4l2_|vb2_|dvb_|video_", "media"),
)
_COMPILED = tuple((re.compile(pattern), name) for pattern, name in _FUNCTIONS)


@lru_cache(maxsize=4096)
def of_file(path: str) -> str | None:
    """The subsystem of a source path (`fs/ext4/inode.c` gives `ext4`); None for one out of the tree."""
    path = path.removeprefix("./")
    folder = path.rpartition("/")[0]
    if own := _OWN_FOLDER.match(path):
        parts = folder.split("/")
        listed = _FOLDERS.get("/".join(parts[:3])) or _FOLDERS.get("/".join(parts[:2]))
        return listed or own[1]
    while folder:
        if folder in _FOLDERS:
            return _FOLDERS[folder]
        folder = folder.rpartition("/")[0]
    return None


@lru_cache(maxsize=16384)
def of_function(function: str, module: str | None = None) -> str | None:
    """The subsystem of a function by its module or its prefix; None when neither tells."""
    if module is not None:
        return module
    name = function.lstrip("_")
    for pattern, subsystem in _COMPILED:
        if pattern.match(function) or pattern.match(name):
            return subsystem
    return None
