"""The engine: what is asked for, in which order findings stand, what is said of what could not be seen."""

import pytest

from kernward.collectors.sources.loadavg import Loadavg
from kernward.collectors.sources.processes import Process
from kernward.collectors.sources.stacks import SOURCE as STACKS
from kernward.collectors.sources.swaps import Swap
from kernward.diagnosis.engine import AT_ONCE, MOST_LOOKS, examine
from kernward.diagnosis.hypothesis import Open, Refuted, Signal, Unknown
from kernward.diagnosis.view import Focus
from kernward.records.check import Measured, Scope
from tests.diagnosis.making import Machine, confirmed, evidence, hypothesis, sample, says

DISK = Scope("device", "vda")
OTHER_DISK = Scope("device", "vdb")
SHOP = Scope("cgroup", "/shop")
CART = Scope("cgroup", "/shop/cart")
BATCH = Scope("cgroup", "/batch")


def ids(check) -> list[str]:
    return [each.id for each in check.findings]


def ranked(*hypotheses) -> list[str]:
    return ids(examine(Machine(), hypotheses))


def test_findings_are_ranked_by_confidence_times_impact() -> None:
    assert ranked(
        hypothesis("small", says(confirmed(confidence=0.95, impact=0.1))),
        hypothesis("large", says(confirmed(confidence=0.7, impact=0.9))),
    ) == ["large", "small"]


def test_a_consequence_ranks_below_its_cause_however_heavy_it_is() -> None:
    assert ranked(
        hypothesis("slow-disk", says(confirmed(DISK, 0.9, 1.0))),
        hypothesis("swapping", says(confirmed(confidence=0.6, impact=0.2)), explains=["slow-disk"]),
    ) == ["swapping", "slow-disk"]


def test_a_cause_names_what_it_brings_about() -> None:
    check = examine(
        Machine(),
        [
            hypothesis("slow-disk", says(confirmed(DISK))),
            hypothesis("swapping", says(confirmed()), explains=["slow-disk"]),
        ],
    )
    assert [(each.id, each.scope) for each in check.findings[0].consequences] == [("slow-disk", DISK)]


def test_causes_of_causes_come_first() -> None:
    assert ranked(
        hypothesis("c", says(confirmed(impact=0.9))),
        hypothesis("b", says(confirmed(impact=0.6)), explains=["c"]),
        hypothesis("a", says(confirmed(impact=0.3)), explains=["b", "c"]),
    ) == ["a", "b", "c"]


def test_a_circle_of_causes_still_gives_a_ranking_of_all() -> None:
    found = ranked(
        hypothesis("a", says(confirmed()), explains=["b"]),
        hypothesis("b", says(confirmed()), explains=["c"]),
        hypothesis("c", says(confirmed()), explains=["a"]),
    )
    assert sorted(found) == ["a", "b", "c"]


def test_two_that_explain_each_other_are_ranked_by_weight() -> None:
    assert ranked(
        hypothesis("a", says(confirmed(impact=0.2)), explains=["b"]),
        hypothesis("b", says(confirmed(impact=0.4)), explains=["a"]),
    ) == ["b", "a"]


@pytest.mark.parametrize(
    ("cause", "consequence", "related"),
    [
        (SHOP, SHOP, True),
        (SHOP, CART, True),
        (CART, SHOP, True),
        (SHOP, BATCH, False),
        (Scope("cgroup", "/"), BATCH, True),
        (Scope("cgroup", "/sho"), SHOP, False),
        (DISK, Scope("device", "vda1"), True),
        (Scope("device", "nvme0n1p2"), Scope("device", "nvme0n1"), True),
        (Scope("device", "nvme0n1"), Scope("device", "nvme0n2"), False),
        (DISK, OTHER_DISK, False),
        (Scope("process", "a[12]"), Scope("process", "b[x[12]"), True),
        (Scope("process", "a[1]"), Scope("process", "a[2]"), False),
        (Scope("interface", "eth0"), Scope("interface", "eth1"), False),
        (Scope("interface", "eth0"), Scope(), True),
        (Scope(), OTHER_DISK, True),
    ],
)
def test_a_cause_explains_only_what_is_related_to_it(cause, consequence, related) -> None:
    found = ranked(
        hypothesis("effect", says(confirmed(consequence, 0.9, 0.9))),
        hypothesis("cause", says(confirmed(cause, 0.8, 0.1)), explains=["effect"]),
    )
    assert found == (["cause", "effect"] if related else ["effect", "cause"])


def test_a_cause_that_acts_through_a_device_explains_nothing_on_another() -> None:
    swapping = hypothesis(
        "swapping",
        says(confirmed(impact=0.1, evidence=(evidence("diskstats.reads", DISK),))),
        explains=["slow-disk"],
    )
    assert ranked(hypothesis("slow-disk", says(confirmed(OTHER_DISK))), swapping)[0] == "slow-disk"
    assert ranked(hypothesis("slow-disk", says(confirmed(DISK))), swapping)[0] == "swapping"


def test_a_swap_storm_explains_only_the_device_that_is_swapped_to() -> None:
    swapping = hypothesis(
        "swapping",
        says(confirmed(impact=0.1)),
        explains=["slow-disk"],
        signals=(Signal("vmstat.pswpin_pages", "grows"),),
    )
    swapped_to = sample(swaps={"/dev/vda2": Swap(kind="partition")})
    for disk, first in ((OTHER_DISK, "slow-disk"), (DISK, "swapping")):
        check = examine(Machine(swapped_to), [hypothesis("slow-disk", says(confirmed(disk))), swapping])
        assert ids(check)[0] == first


def test_a_victim_of_a_cause_is_related_to_it() -> None:
    noisy = hypothesis("noisy", says(confirmed(BATCH, impact=0.1, victims=(SHOP,))), explains=["starved"])
    assert ranked(hypothesis("starved", says(confirmed(SHOP))), noisy) == ["noisy", "starved"]


def test_a_guess_is_not_put_before_what_is_certain() -> None:
    assert ranked(
        hypothesis("certain", says(confirmed(confidence=0.95))),
        hypothesis("guess", says(confirmed(confidence=0.3)), explains=["certain"]),
    ) == ["certain", "guess"]


def test_a_test_that_fails_stops_no_other_and_is_told() -> None:
    def faulty(view):
        yield confirmed(SHOP)
        raise KeyError("quota")

    def worse(view):
        raise RecursionError

    check = examine(
        Machine(),
        [
            hypothesis("faulty", faulty),
            hypothesis("worse", worse),
            hypothesis("silent", says()),
            hypothesis("fine", says(confirmed())),
        ],
    )
    assert set(ids(check)) == {"fine", "faulty"}
    assert {each.id: "a fault of kernward" in each.reason for each in check.unknown} == {
        "worse": True,
        "silent": True,
    }


def asking(name: str, suspicion: float = 0.5):
    def test(view):
        if view.can_ask(name):
            yield Open(suspicion=suspicion, reason="?", asks=(name,))
        elif view.has(name):
            yield confirmed()
        else:
            yield Unknown(reason=view.measured[name].reason if name in view.measured else "no time")

    return test


def test_what_is_suspected_is_measured_and_decided() -> None:
    machine = Machine(answers={"runqlat": Measured(name="runqlat", tier="tp_btf")})
    check = examine(machine, [hypothesis("a", asking("runqlat"))])
    assert machine.asked == [(("runqlat",), {})]
    assert ids(check) == ["a"]
    assert [(each.name, each.tier) for each in check.measured] == [("runqlat", "tp_btf")]


def test_the_most_suspected_is_measured_first() -> None:
    machine = Machine()
    suspicions = {f"m{number}": number / 10 for number in range(AT_ONCE + 2)}
    examine(machine, [hypothesis(name, asking(name, how)) for name, how in suspicions.items()])
    assert machine.asked[0][0] == tuple(sorted(suspicions, key=suspicions.__getitem__)[::-1][:AT_ONCE])
    assert sorted(machine.asked[1][0]) == ["m0", "m1"]


def test_what_cannot_be_measured_is_unknown_with_the_reason_and_not_asked_again() -> None:
    machine = Machine(answers={"runqlat": Measured(name="runqlat", tier=None, reason="not permitted")})
    check = examine(machine, [hypothesis("a", asking("runqlat"))])
    assert len(machine.asked) == 1
    assert [(each.id, each.reason) for each in check.unknown] == [("a", "not permitted")]


def test_when_the_time_is_up_the_rest_is_unknown() -> None:
    machine = Machine(rounds=0)
    check = examine(machine, [hypothesis("a", asking("runqlat"))])
    assert machine.asked == []
    assert [(each.id, each.reason) for each in check.unknown] == [("a", "no time")]


def test_what_a_proven_cause_explains_is_measured_only_where_much_speaks_for_it() -> None:
    machine = Machine()
    check = examine(
        machine,
        [
            hypothesis("throttled", says(confirmed(SHOP, 0.95)), explains=["waiting", "stalling"]),
            hypothesis("waiting", asking("runqlat", 0.4)),
            hypothesis("stalling", asking("offcpu", 0.9)),
            hypothesis("faint", asking("blocklat", 0.1)),
            hypothesis("rival", asking("futex", 0.6)),
        ],
    )
    assert machine.asked == [(("futex", "offcpu"), {})]
    assert {each.id for each in check.unknown} == {"waiting", "stalling", "faint", "rival"}


def test_a_source_is_asked_for_once_for_each_entity() -> None:
    def detail(pid):
        return says(Open(suspicion=0.5, reason="?", sources=(("process", (pid,)),)))

    machine = Machine(answers={"process": Measured(name="process", tier="read")})
    check = examine(machine, [hypothesis("a", detail("7")), hypothesis("b", detail("8"))])
    assert machine.asked == [((), {"process": ("7", "8")})]
    assert len(check.unknown) == 2


def test_a_source_is_not_asked_for_again_and_again() -> None:
    """On a busy machine another process comes to the fore in each look."""
    machine = Machine(answers={"stacks": Measured(name="stacks", tier="read")})

    def test(view):
        pid = str(len(machine.asked))
        if view.can_read(STACKS, pid):
            yield Open(suspicion=0.5, reason="?", sources=((STACKS.name, (pid,)),))
        else:
            yield Unknown(reason="enough")

    check = examine(machine, [hypothesis("a", test)])
    assert len(machine.asked) == MOST_LOOKS
    assert [each.reason for each in check.unknown] == ["enough"]


def test_a_question_about_a_cgroup_tells_apart_what_does_not_reach_it() -> None:
    check = examine(
        Machine(),
        [
            hypothesis("mine", says(confirmed(CART, impact=0.1))),
            hypothesis("above", says(confirmed(Scope("cgroup", "/"), impact=0.1))),
            hypothesis("other", says(confirmed(BATCH, impact=0.9))),
            hypothesis("noisy", says(confirmed(BATCH, impact=0.2, victims=(SHOP,)))),
            hypothesis("whole", says(confirmed(impact=0.3))),
        ],
        focus=Focus(cgroup="/shop"),
    )
    assert check.about == SHOP
    assert ids(check) == ["whole", "noisy", "above", "mine"]
    assert [each.id for each in check.elsewhere] == ["other"]


def process(comm: str, threads: int = 1) -> Process:
    return Process(comm, "S", 0, 1.0, False, threads=threads)


def hidden(shown: int) -> list[str]:
    machine = Machine(
        sample(loadavg=Loadavg(tasks=100), processes={"1": process("init"), "7": process("nginx", shown - 1)})
    )
    check = examine(
        machine,
        [
            hypothesis(
                "leak", says(Refuted(reason="no process has many", evidence=(evidence("processes.threads"),)))
            ),
            hypothesis(
                "zombies",
                says(Refuted(reason="none is a zombie")),
                signals=(Signal("processes.state", "Z"),),
            ),
            hypothesis(
                "throttled",
                says(Refuted(reason="no period", evidence=(evidence("loadavg.load_1m"),))),
                signals=(Signal("processes.comm", "names it"),),
            ),
        ],
    )
    for each in check.unknown:
        assert f"only {shown} of 100 tasks" in each.reason
    assert bool(check.unknown) == ("/proc/PID" in check.unreadable)
    return [each.id for each in check.unknown]


def test_whoever_is_not_shown_all_processes_rules_nothing_out_by_them() -> None:
    assert hidden(12) == ["leak", "zombies"]


def test_whoever_is_shown_all_processes_rules_out_by_them() -> None:
    assert hidden(97) == []


def test_a_healthy_machine_confirms_nothing_and_tells_what_was_checked() -> None:
    check = examine(Machine(), [hypothesis("a", says(Refuted(reason="no wait")))])
    assert check.findings == ()
    assert [each.id for each in check.refuted] == ["a"]
    assert check.seconds == 6.0
