"""A live patch was applied, reverted or refused."""

from kernward.events.kind import Field, Kind, Pattern

KIND = Kind(
    id="livepatch",
    title="livepatch: {change}",
    class_="state",
    severity="info",
    subsystem="livepatch",
    patterns=(
        Pattern(
            literal="livepatch: '",
            regex=r"livepatch: '(?P<patch>[\w-]{1,64})': (?P<change>(?:patching|unpatching) complete)",
            printed=("livepatch: '%s': %s complete",),
        ),
        Pattern(
            literal="livepatch: failed to enable patch '",
            regex=r"livepatch: (?P<change>failed to enable patch) '(?P<patch>[\w-]{1,64})'",
        ),
        Pattern(
            literal="livepatch: forcing remaining tasks to the patched state",
            regex=r"livepatch: (?P<change>forcing remaining tasks) to the patched state",
        ),
        Pattern(
            literal="livepatch: patch '",
            regex=(
                r"livepatch: patch '(?P<patch>[\w-]{1,64})' failed for module '(?P<module>[\w-]{1,64})',"
                r" (?P<change>refusing to load module)"
            ),
            printed=("livepatch: patch '%s' failed for module '%s', refusing to load module '%s'",),
        ),
    ),
    fields=(
        Field("patch", "str", "the patch's module"),
        Field("change", "str", "what happened"),
        Field("module", "str", "module that cannot be loaded"),
    ),
    key=(
        "change",
        "patch",
    ),
    printed_by=(
        "kernel/livepatch/transition.c:klp_complete_transition",
        "kernel/livepatch/core.c:klp_enable_patch",
        "kernel/livepatch/core.c:klp_module_coming",
    ),
    meaning=(
        "Functions of the running kernel were replaced (or put back). From here on the kernel is not the "
        "one its release names: taint `K`, and stacks may show functions of the patch. A failed or forced "
        "one leaves some tasks in old code."
    ),
    next_steps=(
        "`ls /sys/kernel/livepatch/`; for each patch `enabled` and `transition`.",
        "A crash of a patched function belongs to the patch's supplier first.",
    ),
    confused_with=("module-out-of-tree: the patch is a module and prints that line too",),
    example="""\
[61010.220001] livepatch: enabling patch 'livepatch_cve_2023_1'
[61010.221001] livepatch: 'livepatch_cve_2023_1': starting patching transition
[61012.220001] livepatch: 'livepatch_cve_2023_1': patching complete""",
    near_miss="[61010.221001] livepatch: 'livepatch_cve_2023_1': starting patching transition",
)
