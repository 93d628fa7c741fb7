"""A driver changes a list whose entries do not know each other."""

from kernward.vm.fault import Fault, Needs, Parameter, Symptom, Truth

FAULT = Fault(
    name="list-corruption",
    title="a list whose entries do not know each other",
    doc=(
        "A driver removes an entry whose neighbour does not know it, adds one at such a place, or adds one "
        "twice, as after a use after free or without a lock. The check before each change stops it (BUG with "
        "CONFIG_BUG_ON_DATA_CORRUPTION, as Debian has it, else WARN)."
    ),
    group="crash",
    parameters=(
        Parameter("operation", "del", "", "what is done to the list", choices=("del", "add", "add-twice")),
    ),
    needs=Needs(lab=True, config={"CONFIG_DEBUG_LIST|CONFIG_LIST_HARDENED": "y"}),
    inject='echo "list-corruption operation=$operation" > /proc/kernward_faults',
    symptom=Symptom(
        doc="The check says which pointer is wrong.",
        console=r"list_(del|add) (corruption|double add)",
    ),
    truth=Truth(
        kinds=("list-corruption",),
        mechanism=(
            "__list_del_entry_valid() or __list_add_valid() (6.12: with _or_report) in lib/list_debug.c, called "
            "in kf_list_del(), kf_list_add() or kf_list_add_twice() of the module kernward_faults."
        ),
    ),
)
