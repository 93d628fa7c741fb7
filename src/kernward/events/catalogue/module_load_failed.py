"""A module was refused because it does not fit this kernel."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="module-load-failed",
    title="module load failed: {cause}",
    class_="state",
    severity="warning",
    subsystem="module",
    patterns=(
        Pattern(
            literal=": disagrees about version of symbol ",
            regex=(
                r"(?P<module>[\w-]{1,60}): (?P<cause>disagrees about version of symbol) "
                r"(?P<symbol>[\w.]{1,200})"
            ),
        ),
        Pattern(
            literal=": Unknown symbol ",
            regex=(
                r"(?P<module>[\w-]{1,60}): (?P<cause>Unknown symbol) (?P<symbol>[\w.]{1,200}) \(err "
                r"(?P<error>-?\d+)\)"
            ),
        ),
        Pattern(
            literal=": version magic '",
            regex=(
                r"(?P<module>[\w-]{1,60}): (?P<cause>version magic) '(?P<has>[^']{0,200})' should be '"
                r"(?P<wanted>[^']{0,200})'"
            ),
        ),
        Pattern(
            literal=": exports duplicate symbol ",
            regex=(
                r"(?P<module>[\w-]{1,60}): (?P<cause>exports duplicate symbol) (?P<symbol>[\w.]{1,200})"
                r" \(owned by (?P<owner>[\w-]{1,60})\)"
            ),
        ),
        # 6.1 does not check it; the text came somewhere between the two.
        Pattern(
            literal=".gnu.linkonce.this_module section size must match",
            regex=(
                r"module (?P<module>[\w-]{1,60}): \.gnu\.linkonce\.this_module (?P<cause>section size must"
                r" match) the kernel's built struct module size at run time"
            ),
            since="6.12",
        ),
    ),
    fields=(
        Field("module", "str", "the module"),
        Field("cause", "str", "what does not fit"),
        Field("symbol", "str", "the symbol"),
        Field("error", "int", "error code"),
        Field("has", "str", "version magic of the module"),
        Field("wanted", "str", "version magic of the kernel"),
        Field("owner", "str", "module that has the symbol already"),
    ),
    key=(
        "module",
        "cause",
    ),
    printed_by=(
        "kernel/module/main.c:simplify_symbols",
        "kernel/module/version.c:check_version",
        "kernel/module/main.c:check_modinfo",
    ),
    meaning=(
        "The module was built for another kernel, or for another version of a module that it needs. The "
        "load fails, and so does the device, the file system or the agent that wanted it. After an update "
        "it means that the module was not rebuilt (DKMS) or that modules of two builds are mixed in "
        "/lib/modules; in an initramfs, that it was not regenerated."
    ),
    next_steps=(
        "`modinfo -F vermagic MODULE` against `uname -r`; which file was loaded: `modinfo -n MODULE`.",
        "Rebuild: `dkms status`, `dkms autoinstall`; `depmod -a`; regenerate the initramfs.",
        "Unknown symbol with err -2: a module it needs is missing; -22: the versions differ.",
    ),
    confused_with=("module-unsigned: loaded in spite of its signature",),
    example="[   12.880001] zfs: disagrees about version of symbol spl_kmem_cache_alloc",
    near_miss="[   12.880001] zfs: module license 'CDDL' taints kernel.",
)
