"""Commands in restored machines: their status and their bytes are exactly theirs."""

import hashlib
import random
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from kernward.records.errors import UsageError
from kernward.vm.bed import Bed
from kernward.vm.machine import Machine
from kernward.vm.spec import Spec
from kernward.vm.verdict import CommandNotRun, CommandTimedOut, Verdict


@pytest.fixture(scope="module")
def machine(bed: Bed, spec: Spec):
    with bed.restore(spec) as machine:
        yield machine


def test_every_exit_status_arrives(machine: Machine) -> None:
    for status in (0, 1, 2, 42, 124, 125, 126, 127, 128, 254, 255):
        assert machine.sh(f"exit {status}").status == status


def test_a_signal_is_told_as_a_shell_tells_it(machine: Machine) -> None:
    assert machine.sh("kill -9 $$").status == 137
    assert machine.sh("kill -15 $$").status == 143


def test_all_bytes_pass_both_ways(machine: Machine) -> None:
    data = bytes(range(256)) * 40
    done = machine.run(["sh", "-c", "tee /dev/stderr"], stdin=data)
    assert (done.status, done.stdout, done.stderr) == (0, data, data)


def test_no_input_is_an_empty_one(machine: Machine) -> None:
    assert machine.run(["cat"]).stdout == b""


def test_ten_megabytes_of_output_arrive_whole(machine: Machine) -> None:
    script = "head -c 10485760 /dev/urandom >/tmp/big; sha256sum </tmp/big >&2; cat /tmp/big; rm /tmp/big"
    done = machine.sh(script, timeout_s=120)
    assert len(done.stdout) == 10485760
    assert hashlib.sha256(done.stdout).hexdigest() == done.stderr.split()[0].decode()


def test_three_megabytes_of_input_arrive_whole(machine: Machine) -> None:
    data = random.Random(1).randbytes(3 << 20)
    done = machine.run(["sha256sum"], stdin=data, timeout_s=120)
    assert done.stdout.split()[0].decode() == hashlib.sha256(data).hexdigest()


def test_a_command_that_does_not_read_its_input_stops_no_other(machine: Machine) -> None:
    job = machine.start(["sleep", "30"])
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(job.write, bytes(1 << 20))
        assert machine.run(["echo", "still here"]).stdout == b"still here\n"
        job.kill()
        done = job.wait(10)
        writing.result(10)
    assert done is not None
    assert done.status == 137


def test_what_the_kernel_prints_never_mixes_with_a_command(machine: Machine) -> None:
    since = machine.console_mark()
    noise = machine.start(["sh", "-c", "while :; do echo '<1>noise noise noise' >/dev/kmsg; done"])
    done = machine.sh("i=0; while [ $i -lt 2000 ]; do echo line $i; i=$((i+1)); done")
    noise.kill()
    noise.wait(10)
    assert done.stdout == b"".join(b"line %d\n" % number for number in range(2000))
    assert machine.wait_console("noise noise noise", 5, since)


def test_a_command_that_is_over_its_time_is_killed_and_the_machine_goes_on(machine: Machine) -> None:
    began = time.monotonic()
    with pytest.raises(CommandTimedOut, match=r"did not end within 0\.5 s") as caught:
        machine.sh("echo before; sleep 60 & wait", timeout_s=0.5)
    assert time.monotonic() - began < 4
    assert caught.value.stdout == b"before\n"
    assert b"sleep 60" not in machine.sh("ps").stdout
    assert machine.run(["true"]).status == 0


def test_a_program_that_is_not_there_is_told(machine: Machine) -> None:
    with pytest.raises(CommandNotRun, match="nosuch: No such file or directory"):
        machine.run(["nosuch"])


def test_a_command_leaves_processes_behind_without_waiting_for_them(machine: Machine) -> None:
    done = machine.sh("(while sleep 0.1; do echo late; done) & echo $!")
    assert done.status == 0
    time.sleep(0.5)
    left = done.stdout.split()[0].decode()
    assert machine.sh(f"kill -0 {left} && kill {left}").status == 0


def test_environment_and_folder_are_what_was_asked_for(machine: Machine) -> None:
    done = machine.run(["sh", "-c", 'echo "$A|$(pwd)"'], environment={"A": "ä b"}, folder="/proc")
    assert done.stdout.decode() == "ä b|/proc\n"


def test_a_null_byte_or_too_many_arguments_are_refused_in_a_sentence(machine: Machine) -> None:
    with pytest.raises(UsageError, match="null byte"):
        machine.run(["echo", "a\0b"])
    with pytest.raises(UsageError, match="65536 bytes of arguments"):
        machine.run(["echo", "x" * 70000])


def test_files_go_in_and_out(machine: Machine) -> None:
    data = random.Random(2).randbytes(700_000)
    machine.put("/deep/er/file", data, 0o751)
    assert machine.get("/deep/er/file") == data
    assert machine.run(["stat", "-c", "%a", "/deep/er/file"]).stdout == b"751\n"
    with pytest.raises(Verdict, match="reading /nothing in the guest failed: No such file or directory"):
        machine.get("/nothing")


def test_a_terminal_has_its_size_and_echoes(machine: Machine) -> None:
    job = machine.start(["sh", "-c", "stty size; read line; echo got $line"], terminal=(33, 99))
    # The kernel echoes what is typed at once, also into the middle of a line that is being printed.
    until = time.monotonic() + 10
    while job.stdout != b"33 99\r\n" and time.monotonic() < until:
        time.sleep(0.01)
    assert job.stdout == b"33 99\r\n"
    job.write(b"hello\n")
    done = job.wait(10)
    assert done is not None
    assert done.stdout == b"33 99\r\nhello\r\ngot hello\r\n"


def test_sixty_commands_run_side_by_side(machine: Machine) -> None:
    with ThreadPoolExecutor(60) as pool:
        done = list(pool.map(lambda number: machine.run(["sh", "-c", f"sleep 1; echo {number}"]), range(60)))
    assert [each.stdout for each in done] == [b"%d\n" % number for number in range(60)]


def many_commands(bed: Bed, spec: Spec, machines: int, each: int) -> int:
    """Runs commands of all sorts over restored machines and checks every one; returns how many."""
    dice = random.Random(3)

    def work(number: int) -> int:
        with bed.restore(spec) as machine:
            for turn in range(each):
                status, data = (number * 31 + turn) % 256, dice.randbytes(dice.randrange(3000))
                done = machine.run(["sh", "-c", f"cat; echo {turn} >&2; exit {status}"], stdin=data)
                assert (done.status, done.stdout, done.stderr) == (status, data, b"%d\n" % turn)
        return each

    with ThreadPoolExecutor(2) as pool:
        return sum(pool.map(work, range(machines)))


def test_eighty_commands_over_restored_machines(bed: Bed, spec: Spec) -> None:
    assert many_commands(bed, spec, 8, 10) == 80


@pytest.mark.vm_slow
def test_a_thousand_commands_over_restored_machines(bed: Bed, spec: Spec) -> None:
    assert many_commands(bed, spec, 100, 10) == 1000
