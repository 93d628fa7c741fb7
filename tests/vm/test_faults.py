"""Every fault is complete: its documentation, its parameters, its scripts, and the truth it claims."""

import re
import subprocess
from pathlib import Path
from string import Template

import pytest

from kernward.events import index
from kernward.operations.vm_faults import explain_fault, list_faults
from kernward.records.errors import UsageError
from kernward.vm.fault import GROUPS, Fault, Parameter, environment, fill
from kernward.vm.faults import fault as find_fault
from kernward.vm.faults import faults
from kernward.vm.inject import MODULE_SOURCE, console_pattern

FAULTS = sorted(faults().values(), key=lambda fault: fault.name)
IDS = [fault.name for fault in FAULTS]
KINDS = {name.replace("_", "-") for name in index.names()}
# Variables that scripts have without being given them.
SHELL = {"PATH", "HOME", "IFS"}

each_fault = pytest.mark.parametrize("fault", FAULTS, ids=IDS)


@each_fault
def test_is_named_as_its_module(fault: Fault, project: Path) -> None:
    module = project / "src/kernward/vm/faults" / (fault.name.replace("-", "_") + ".py")
    assert module.is_file()
    assert fault.group in GROUPS


@each_fault
def test_says_what_it_is_in_sentences(fault: Fault) -> None:
    for text in (fault.doc, fault.truth.mechanism, fault.symptom.doc):
        assert text.endswith((".", ")")), text
        assert text == " ".join(text.split()), text
    assert len(fault.doc) > 60
    assert not fault.title.endswith(".")
    assert "\n" not in fault.title


@each_fault
def test_has_something_to_be_seen_by(fault: Fault) -> None:
    assert fault.symptom.console or fault.symptom.command
    assert fault.symptom.within_s > 0
    console_pattern(fault, fault.values({}))


@each_fault
def test_claims_kinds_that_there_are(fault: Fault) -> None:
    assert set(fault.truth.kinds) <= KINDS
    assert fault.truth.kinds or fault.truth.cause, "a truth without kinds names a cause"


@each_fault
def test_names_a_function_and_a_file_of_the_kernel(fault: Fault) -> None:
    assert re.search(r"\w+\(\)", fault.truth.mechanism)
    assert re.search(r"\w+/[\w/.-]+\.[chS]\b", fault.truth.mechanism)


@each_fault
def test_documents_its_parameters(fault: Fault) -> None:
    assert len({each.name for each in fault.parameters}) == len(fault.parameters)
    for each in fault.parameters:
        assert re.fullmatch(r"[a-z][a-z0-9_]*", each.name)
        assert each.doc
        if isinstance(each.default, int | float):
            assert each.least is not None, each.name
            assert each.most is not None, each.name
        if each.name == "seconds":
            assert each.unit == "s"
        if each.name.endswith("_ms"):
            assert each.unit == "ms"


@each_fault
def test_takes_its_defaults_and_every_choice(fault: Fault) -> None:
    values = fault.values({})
    assert set(environment(values)) == {each.name for each in fault.parameters}
    for each in fault.parameters:
        for choice in each.choices:
            assert each.check(choice) == choice


@each_fault
def test_its_scripts_are_shell(fault: Fault) -> None:
    for script in (fault.inject, fault.undo, fault.symptom.command):
        if script:
            done = subprocess.run(
                ["busybox", "sh", "-n", "-c", script], capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stderr


@each_fault
def test_its_texts_use_parameters_that_there_are(fault: Fault) -> None:
    known = {each.name for each in fault.parameters}
    texts = [fault.truth.entity, fault.truth.mechanism, *fault.needs.append, *fault.needs.modules]
    for text in texts:
        assert set(Template(text).get_identifiers()) <= known, text
    assert set(fault.symptom.plus) <= known


@each_fault
def test_uses_every_parameter(fault: Fault) -> None:
    if fault.drive is not None:
        return
    everything = [fault.inject, fault.undo or "", fault.symptom.command or "", fault.symptom.console or ""]
    everything += [*fault.needs.append, *fault.needs.modules, *fault.needs.devices]
    everything += [option for disk in fault.needs.disks for option in disk.options]
    text = " ".join(everything)
    for each in fault.parameters:
        assert re.search(rf"\b{each.name}\b", text), each.name


@each_fault
def test_is_explained(fault: Fault) -> None:
    about = explain_fault(fault.name.upper().replace("-", "_"))
    assert about.name == fault.name
    assert about.kinds == fault.truth.kinds
    assert "$" not in about.mechanism


@pytest.mark.parametrize(
    "fault", [fault for fault in FAULTS if fault.needs.lab], ids=[f.name for f in FAULTS if f.needs.lab]
)
def test_names_functions_that_the_module_has(fault: Fault) -> None:
    source = "".join(path.read_text() for path in MODULE_SOURCE.glob("*.c"))
    mechanism = fill(fault.truth.mechanism, fault.values({}))
    functions = re.findall(r"\b(kf_\w+)\(\)", mechanism)
    assert functions
    for function in functions:
        assert re.search(rf"kf_mistake [^;{{]*\b{function}\(", source), function


@pytest.mark.parametrize(
    "fault", [fault for fault in FAULTS if fault.needs.lab], ids=[f.name for f in FAULTS if f.needs.lab]
)
def test_asks_the_module_for_what_it_knows(fault: Fault) -> None:
    source = "".join(path.read_text() for path in MODULE_SOURCE.glob("*.c"))
    asked = re.findall(r"echo \"?([\w-]+)([^\">]*)\"? *> */proc/kernward_faults", fault.inject)
    assert asked
    for name, given in asked:
        entry = re.search(rf'{{ "{name}", run_\w+(.*?)\}}(?:,\n)', source, re.DOTALL)
        assert entry, name
        for parameter in re.findall(r"(\w+)=", given):
            assert f'"{parameter}"' in entry[1], (name, parameter)


def test_refuses_what_is_unknown_or_out_of_range() -> None:
    fault = find_fault("null-pointer")
    for given, said in (
        ({"nonsense": 1}, "has no parameter 'nonsense'"),
        ({"offset": -1}, "must be 0 to 4088"),
        ({"offset": "many"}, "is a whole number"),
        ({"access": "jump"}, "is one of read, write, execute"),
    ):
        with pytest.raises(UsageError, match=said):
            fault.values(given)
    assert fault.values({"offset": "0x20"}) == {"access": "read", "offset": 32}


def test_refuses_values_that_do_not_go_together() -> None:
    with pytest.raises(UsageError, match="too short to be noticed"):
        find_fault("soft-lockup").values({"seconds": 5, "threshold_s": 20})


def test_a_text_parameter_takes_nothing_that_a_shell_acts_on() -> None:
    for text in ("a b", "$(reboot)", "`id`", "a;b", "a\nb", "*", "'"):
        with pytest.raises(UsageError):
            Parameter("name", "x", "", "a name").check(text)


def test_a_number_that_is_none_is_refused() -> None:
    for text in ("nan", "inf", "1e999", ""):
        with pytest.raises(UsageError):
            Parameter("share", 0.5, "", "a share", least=0, most=1).check(text)


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="nearest: .*soft-lockup"):
        find_fault("soft-lokup")
    with pytest.raises(UsageError, match="vm faults lists"):
        find_fault("zzzzzz")


def test_lists_by_group() -> None:
    hangs = list_faults(["hang"])
    assert {each.group for each in hangs} == {"hang"}
    assert len(list_faults()) == len(FAULTS)
