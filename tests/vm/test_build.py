"""`vm build`: what is asked for is built, kept, and said in one sentence where it cannot be had."""

import shutil
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from typing import Any

import pytest

from kernward.kernels import find
from kernward.kernels.config import config_of
from kernward.kernels.module_build import build_module
from kernward.records.errors import InputError, UsageError
from kernward.vm import kernel_options, kernel_source
from kernward.vm.bed import Bed
from kernward.vm.build import (
    DEBUG,
    SANITIZED,
    Progress,
    build,
    first_error,
    manifest_of,
    missing,
    unmet_wishes,
)
from kernward.vm.spec import Spec
from tests.vm import fake_tree

needs_compiler = pytest.mark.skipif(bool(missing()), reason=f"kernels cannot be built here: {missing()}")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return fake_tree.make(tmp_path / "linux")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


class TestFragments:
    @pytest.mark.parametrize("name", [*kernel_options.names(), *kernel_options.BASES.values()])
    def test_each_opens_with_a_comment_that_explains_it(self, name: str) -> None:
        fragment = kernel_options.read(name)
        assert len(fragment.doc.split()) >= 10
        assert fragment.options

    def test_what_the_issue_names_is_there(self) -> None:
        wanted = {"kasan", "lockdep", "kcsan", "ubsan", "kunit", "lkdtm", "fault-injection", "tiny", "debug"}
        assert wanted <= set(kernel_options.names())

    @pytest.mark.parametrize("name", [*kernel_options.names(), *kernel_options.BASES.values()])
    def test_no_option_stands_in_one_twice(self, name: str) -> None:
        text = (Path(kernel_options.__file__).with_name("fragments") / f"{name}.config").read_text()
        options = [line.partition("=")[0] for line in text.splitlines() if line.startswith("CONFIG_")]
        assert len(options) == len(set(options))

    def test_a_later_one_has_its_way(self) -> None:
        first = kernel_options.parse("first", "CONFIG_A=y\nCONFIG_B=m\n", "first")
        second = kernel_options.parse("second", "# CONFIG_A is not set\nCONFIG_C=7\n", "second")
        assert kernel_options.merge([first, second]) == {"A": "n", "B": "m", "C": "7"}
        assert kernel_options.merge([second, first])["A"] == "y"

    def test_off_is_written_as_kconfig_reads_it(self) -> None:
        assert kernel_options.written({"A": "n", "B": '"x y"'}) == '# CONFIG_A is not set\nCONFIG_B="x y"\n'

    def test_what_is_written_reads_the_same_again(self) -> None:
        options = kernel_options.merge([kernel_options.read(each) for each in kernel_options.names()])
        assert kernel_options.parse("all", kernel_options.written(options), "all").options == options

    def test_a_line_that_sets_nothing_is_refused_with_its_number(self) -> None:
        with pytest.raises(InputError, match=r"my\.config, line 2: expected CONFIG_NAME=value"):
            kernel_options.parse("mine", "CONFIG_A=y\nKASAN please\n", "my.config")

    def test_an_unknown_name_lists_those_that_are_known(self) -> None:
        with pytest.raises(UsageError, match=r"kasaan: neither a file nor one of .*kasan.*lockdep"):
            kernel_options.read("kasaan")

    def test_a_name_cannot_leave_the_folder(self) -> None:
        with pytest.raises(UsageError):
            kernel_options.read("../fragments/kasan")


class TestUnmetWishes:
    def why(self, tree: Path, text: str, config: dict[str, str]) -> list[str]:
        return kernel_options.unmet([kernel_options.parse("mine", text, "mine")], config, tree, "6.99.3")

    def test_what_holds_is_not_mentioned(self, tree: Path) -> None:
        assert self.why(tree, "CONFIG_FAKE_ONE=y\n# CONFIG_GONE is not set\n", {"FAKE_ONE": "y"}) == []

    def test_an_option_that_the_release_does_not_know(self, tree: Path) -> None:
        assert self.why(tree, "CONFIG_FROM_TOMORROW=y\n", {}) == [
            "CONFIG_FROM_TOMORROW=y (fragment mine) does not hold: Linux 6.99.3 has no such option."
        ]

    def test_a_dependency_that_is_not_met(self, tree: Path) -> None:
        assert self.why(tree, "CONFIG_NEEDS_MORE=y\n", {"FAKE_ONE": "y"}) == [
            "CONFIG_NEEDS_MORE=y (fragment mine) does not hold: "
            "it is n, and depends on (THIS || THAT) && !FAKE_ONE."
        ]

    def test_an_option_that_another_selects(self, tree: Path) -> None:
        assert self.why(tree, "# CONFIG_FAKE_ONE is not set\n", {"FAKE_ONE": "y"}) == [
            "CONFIG_FAKE_ONE=n (fragment mine) does not hold: it is y, for something else selects it."
        ]

    def test_a_value_that_came_out_otherwise(self, tree: Path) -> None:
        assert self.why(tree, "CONFIG_FAKE_LIST=7\n", {"FAKE_LIST": "9"}) == [
            "CONFIG_FAKE_LIST=7 (fragment mine) does not hold: it is 9."
        ]

    def test_a_fragment_that_contradicts_an_earlier_one(self, tree: Path) -> None:
        first = kernel_options.parse("first", "CONFIG_FAKE_ONE=y\n", "first")
        second = kernel_options.parse("second", "CONFIG_FAKE_ONE=n\n", "second")
        assert kernel_options.unmet([first, second], {}, tree, "6.99.3") == [
            "CONFIG_FAKE_ONE=y (fragment first) does not hold: a later fragment wants n."
        ]


class TestSources:
    def test_a_tree_is_known_by_its_version(self, tree: Path, home: Path) -> None:
        source = kernel_source.obtain(tree, home, print)
        assert (source.version, source.folder) == ("6.99.3", tree)

    def test_a_change_in_the_tree_changes_its_digest(self, tree: Path, home: Path) -> None:
        before = kernel_source.obtain(tree, home, print).digest
        assert kernel_source.obtain(tree, home, print).digest == before
        (tree / "core.c").write_text("int two;\n")
        assert kernel_source.obtain(tree, home, print).digest != before

    def test_a_tarball_is_unpacked_once(self, tree: Path, home: Path, tmp_path: Path) -> None:
        tarball = tmp_path / "linux-6.99.3.tar.gz"
        with tarfile.open(tarball, "w:gz") as file:
            file.add(tree, "linux-6.99.3")
        said: list[str] = []
        first = kernel_source.obtain(tarball, home, said.append)
        again = kernel_source.obtain(tarball, home, said.append)
        assert first == again
        assert first.version == "6.99.3"
        assert said == ["unpacking linux-6.99.3.tar.gz"]

    def test_a_tarball_of_something_else_leaves_nothing(self, home: Path, tmp_path: Path) -> None:
        (tmp_path / "notes").mkdir()
        (tmp_path / "notes" / "read.me").write_text("no kernel")
        tarball = tmp_path / "notes.tar"
        with tarfile.open(tarball, "w") as file:
            file.add(tmp_path / "notes", "notes")
        with pytest.raises(InputError, match="not a kernel source tree: it has no Makefile"):
            kernel_source.obtain(tarball, home, print)
        assert [
            path.name for path in (home / "vm/sources").iterdir() if not path.name.endswith(".lock")
        ] == []

    def test_a_damaged_tarball(self, home: Path, tmp_path: Path) -> None:
        tarball = tmp_path / "linux.tar.gz"
        tarball.write_bytes(b"\x1f\x8bdamaged")
        with pytest.raises(InputError, match="cannot be unpacked"):
            kernel_source.obtain(tarball, home, print)

    def test_what_is_no_source_is_said(self, home: Path, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="no-such-thing: not a kernel source"):
            kernel_source.obtain("no-such-thing", home, print)
        with pytest.raises(InputError, match="not a kernel source tree"):
            kernel_source.obtain(tmp_path, home, print)

    def test_offline_the_newest_package_that_is_kept_is_taken(
        self, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # No apt and no installed package, as on a machine without a network.
        monkeypatch.setattr(kernel_source.archive, "newest", lambda name: None)
        monkeypatch.setattr(kernel_source, "_INSTALLED", tmp_path / "nothing")
        with pytest.raises(
            InputError, match="linux-source-6.99 is not here, and apt's lists do not offer it"
        ):
            kernel_source.obtain("linux-source-6.99", home, print)
        place = home / "vm/sources/linux-source-6.99_6.99.3-1"
        place.mkdir(parents=True)
        fake_tree.make(place / "linux-source-6.99")
        for wanted in ("linux-source-6.99", "6.99"):
            source = kernel_source.obtain(wanted, home, print)
            assert (source.said, source.version) == ("linux-source-6.99 6.99.3-1", "6.99.3")

    def test_a_tree_in_which_something_was_built_is_refused(self, tree: Path, home: Path) -> None:
        (tree / ".config").write_text("CONFIG_X=y\n")
        with pytest.raises(InputError, match="mrproper"):
            kernel_source.obtain(tree, home, print)


@pytest.mark.parametrize(
    ("printed", "said"),
    [
        (
            "  CC  fs/a.o\n../fs/a.c:7:3: warning: unused\n../fs/a.c:9:1: error: expected ';'\nmake: *** [x] Error 1\n",
            "fs/a.c:9: expected ';'",
        ),
        ("/src/linux/fs/a.c:9:10: fatal error: no.h: No such file or directory\n", "fs/a.c:9: no.h: No such file or directory"),
        ("ld: fs/a.o: in function `f':\nfs/a.o: undefined reference to `g'\n", "fs/a.o: undefined reference to `g'"),
        ("ERROR: modpost: \"f\" [a.ko] undefined!\n", 'ERROR: modpost: "f" [a.ko] undefined!'),
        ("gcc: fatal error: Killed signal terminated program cc1\n", "gcc: Killed signal terminated program cc1"),
        ("/tmp/ccX.s: fatal error: error writing: No space left on device\n", "/tmp/ccX.s: fatal error: error writing: No space left on device"),
        ("lib/Kconfig:3: syntax error\nmake[1]: *** [allnoconfig] Error 1\n", "lib/Kconfig:3: syntax error"),
        ("make[2]: *** No rule to make target 'b.o', needed by 'a'.  Stop.\n", "make: No rule to make target 'b.o', needed by 'a'.  Stop."),
        ("something went wrong\n\n", "something went wrong"),
        ("", "it gave no reason"),
    ],
)  # fmt: skip
def test_the_first_error_is_found_in_what_a_build_printed(printed: str, said: str) -> None:
    assert first_error(printed, [Path("/src/linux")]) == said


@needs_compiler
class TestBuilds:
    """On the stand-in of fake_tree.py: everything but the compiling of a kernel."""

    def compilations(self, home: Path, name: str) -> int:
        return len((home / "vm/builds" / name / "objects/compilations").read_text().splitlines())

    def test_a_kernel_has_all_its_parts(self, tree: Path, home: Path) -> None:
        kernel = build(tree, name="mine", fragments=("debug-info",), home=home, jobs=1)
        assert (kernel.origin, kernel.release) == ("built", "6.99.3-mine")
        assert kernel.version == "#7 SMP"
        assert kernel == find.find("built:mine", home)
        assert config_of(kernel)["CONFIG_SMP"] == "y"
        for part in (kernel.image, kernel.config, kernel.system_map, kernel.symbols, kernel.modules):
            assert part is not None
            assert part.exists()
        assert kernel.modules is not None
        assert not (kernel.modules / "build").is_symlink()
        assert (home / "kernels/built/mine/build/.config").is_file()

    def test_an_image_without_debug_information_is_not_taken_for_symbols(
        self, tree: Path, home: Path
    ) -> None:
        assert build(tree, name="mine", home=home, jobs=1).symbols is None

    def test_the_same_request_is_answered_without_building(self, tree: Path, home: Path) -> None:
        first = build(tree, name="mine", fragments=("lkdtm",), home=home, jobs=1)
        said: list[Progress] = []
        begun = time.monotonic()
        again = build(tree, name="mine", fragments=("lkdtm",), home=home, jobs=1, progress=said.append)
        assert time.monotonic() - begun < 2
        assert (again, said) == (first, [])

    def test_other_options_are_another_kernel(self, tree: Path, home: Path, tmp_path: Path) -> None:
        build(tree, name="mine", home=home, jobs=1)
        before = manifest_of(find.find("built:mine", home))
        mine = tmp_path / "mine.config"
        mine.write_text("CONFIG_FAKE_ONE=y\n")
        kernel = build(tree, name="mine", fragments=(mine,), home=home, jobs=1)
        assert config_of(kernel)["CONFIG_FAKE_ONE"] == "y"
        assert manifest_of(find.find("built:mine", home)).digest != before.digest
        assert manifest_of(find.find("built:mine", home)).fragments == (str(mine),)
        # What the first had made is not kept, and nothing was compiled again.
        assert len(list((home / "vm/builds/mine/kernels").iterdir())) == 1
        assert self.compilations(home, "mine") == 1

    def test_a_change_of_the_source_is_compiled(self, tree: Path, home: Path) -> None:
        build(tree, name="mine", home=home, jobs=1)
        (tree / "core.c").write_text("int more_than_before;\n")
        build(tree, name="mine", home=home, jobs=1)
        assert self.compilations(home, "mine") == 2

    def test_the_name_is_made_of_the_fragments(self, tree: Path, home: Path) -> None:
        kernel = build(tree, fragments=("lockdep", "kasan"), home=home, jobs=1)
        assert kernel.release == "6.99.3-lockdep-kasan-6.99"

    def test_progress_tells_what_is_done(self, tree: Path, home: Path) -> None:
        said: list[Progress] = []
        build(tree, name="mine", home=home, jobs=1, progress=said.append)
        assert [each.doing for each in said] == ["configuring", "CC core.o", "installing"]
        assert said[1].made == 1
        assert said[0].elapsed_s <= said[-1].elapsed_s

    def test_wishes_that_do_not_hold_are_in_the_manifest(
        self, tree: Path, home: Path, tmp_path: Path
    ) -> None:
        mine = tmp_path / "mine.config"
        mine.write_text("CONFIG_NEEDS_MORE=y\nCONFIG_FAKE_ONE=y\n")
        build(tree, name="mine", fragments=(mine,), home=home, jobs=1)
        (sentence,) = manifest_of(find.find("built:mine", home)).unmet
        assert sentence.startswith("CONFIG_NEEDS_MORE=y")

    def test_a_compiler_error_is_one_sentence_and_the_old_kernel_stays(self, tree: Path, home: Path) -> None:
        before = build(tree, name="mine", home=home, jobs=1)
        (tree / "core.c").write_text("int one;\nint main(void) { return two; }\n")
        with pytest.raises(InputError) as caught:
            build(tree, name="mine", home=home, jobs=1)
        text = str(caught.value)
        assert text.startswith("kernel mine did not build: core.c:2: ")
        assert "two" in text
        log = text.rpartition("(log: ")[2].removesuffix(")")
        assert "two" in Path(log).read_text()
        assert find.find("built:mine", home) == before
        assert before.image.is_file()

    def test_a_tree_that_cannot_be_configured(self, tree: Path, home: Path) -> None:
        makefile = (tree / "Makefile").read_text()
        (tree / "Makefile").write_text(makefile.replace("allnoconfig:", "allnoconfig: missing-file"))
        with pytest.raises(InputError, match=r"kernel mine cannot be configured: .*missing-file.*\(log: "):
            build(tree, name="mine", home=home)
        assert not (home / "kernels/built/mine").exists()

    def test_a_name_that_would_leave_the_folder_is_refused(self, tree: Path, home: Path) -> None:
        for name in ("../mine", "", "a/b", ".hidden", "x" * 41):
            with pytest.raises(UsageError):
                build(tree, name=name, home=home)

    def test_a_wrong_fragment_is_said_before_anything_is_fetched(self, home: Path) -> None:
        with pytest.raises(UsageError, match="kasaan"):
            build("linux-source-6.1", fragments=("kasaan",), home=home)
        assert not home.exists()

    def test_two_at_once_build_it_once(self, tree: Path, home: Path) -> None:
        program = (
            "import sys; from pathlib import Path; from kernward.vm.build import build\n"
            "print(build(sys.argv[1], name='mine', home=Path(sys.argv[2]), jobs=1).release)"
        )
        command = [sys.executable, "-c", program, str(tree), str(home)]
        both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
        assert [process.communicate()[0].strip() for process in both] == ["6.99.3-mine"] * 2
        assert self.compilations(home, "mine") == 1

    def test_the_compilers_end_with_their_owner(self, tree: Path, home: Path, tmp_path: Path) -> None:
        if shutil.which("setpriv") is None:
            pytest.skip("setpriv (util-linux) is not here")
        pid_file = tmp_path / "pid"
        makefile = (tree / "Makefile").read_text()
        (tree / "Makefile").write_text(
            makefile.replace("@gcc -c", f"@echo $$$$ > {pid_file}; exec sleep 60\n\t@gcc -c")
        )
        program = (
            "import sys; from pathlib import Path; from kernward.vm.build import build\n"
            "build(sys.argv[1], name='mine', home=Path(sys.argv[2]), jobs=1)"
        )
        owner = subprocess.Popen([sys.executable, "-c", program, str(tree), str(home)])
        deadline = time.monotonic() + 30
        while not (pid_file.is_file() and pid_file.read_text().strip()):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        pid = int(pid_file.read_text())
        owner.kill()
        owner.wait()
        while runs(pid):
            assert time.monotonic() < deadline
            time.sleep(0.05)


def runs(pid: int) -> bool:
    """Whether it runs: it has not ended, and not only not been waited for."""
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


@needs_compiler
@pytest.mark.vm_slow
class TestTheOptionsOfRealKernels:
    """Configured with the Kconfig of Debian's source packages; nothing is compiled."""

    # What came later, or came to x86-64 later.
    LACKING_IN_6_1 = {
        "FAULT_INJECTION_CONFIGFS",
        "FAULT_INJECTION_STACKTRACE_FILTER",
        "HARDLOCKUP_DETECTOR_PREFER_BUDDY",
        "WQ_CPU_INTENSIVE_REPORT",
    }

    def lacking(self, series: str, home: Path, **request: Any) -> set[str]:
        sentences = unmet_wishes(f"linux-source-{series}", home=home, **request)
        return {sentence.split("=")[0].removeprefix("CONFIG_") for sentence in sentences}

    @pytest.mark.parametrize("series", ["6.1", "6.12"])
    def test_a_debug_kernel_has_all_that_its_release_offers(self, series: str, vm_home: Path) -> None:
        known = self.LACKING_IN_6_1 if series == "6.1" else set()
        assert self.lacking(series, vm_home, fragments=DEBUG) == known

    @pytest.mark.parametrize("series", ["6.1", "6.12"])
    @pytest.mark.parametrize("name", sorted(set(kernel_options.names()) - {"debug", "fault-injection"}))
    def test_every_other_fragment_holds(self, series: str, name: str, vm_home: Path) -> None:
        assert self.lacking(series, vm_home, fragments=(name,)) == set()

    @pytest.mark.parametrize("series", ["6.1", "6.12"])
    def test_fragments_live_together(self, series: str, vm_home: Path) -> None:
        assert self.lacking(series, vm_home, fragments=SANITIZED) == set()
        assert self.lacking(series, vm_home, fragments=("kasan", "lockdep", "kmemleak", "kunit")) == set()

    @pytest.mark.parametrize("series", ["6.1", "6.12"])
    def test_two_that_cannot_live_together_are_told(self, series: str, vm_home: Path) -> None:
        (sentence, *_) = unmet_wishes(f"linux-source-{series}", fragments=("kasan", "kcsan"), home=vm_home)
        assert sentence.startswith("CONFIG_KCSAN=y (fragment kcsan) does not hold: it is n, and depends on")
        assert "!KASAN" in sentence

    @pytest.mark.parametrize("series", ["6.1", "6.12"])
    def test_a_user_mode_kernel_holds_the_unit_tests(self, series: str, vm_home: Path) -> None:
        assert self.lacking(series, vm_home, fragments=("kunit",), architecture="um") == set()


@needs_compiler
@pytest.mark.vm_slow
class TestRealKernels:
    """Debian's sources compiled, and what came of it booted."""

    @pytest.mark.parametrize("series", ["6.1", "6.12"])
    def test_a_debug_kernel_boots_with_what_it_is_for(self, series: str, vm_home: Path, bed: Bed) -> None:
        kernel = build(f"linux-source-{series}", name=f"debug-{series}", fragments=DEBUG, home=vm_home)
        machine = bed.boot(Spec(kernel=kernel, memory_mb=512))
        assert machine.run(["uname", "-r"]).stdout.decode().strip() == kernel.release
        for path in (
            "/sys/kernel/debug/provoke-crash/DIRECT",
            "/sys/kernel/debug/kmemleak",
            "/sys/kernel/debug/failslab/probability",
            "/sys/kernel/tracing/available_filter_functions",
            "/sys/module/workqueue/parameters/watchdog_thresh",
            "/proc/lockdep_stats",
            "/proc/pressure/io",
            "/sys/firmware/qemu_fw_cfg/rev",
            "/proc/config.gz",
        ):
            assert machine.run(["test", "-e", path]).status == 0, path
        controllers = machine.run(["cat", "/sys/fs/cgroup/cgroup.controllers"]).stdout.decode().split()
        assert {"cpuset", "cpu", "io", "memory", "pids"} <= set(controllers)
        assert b"WARNING:" not in machine.console()

    @pytest.mark.parametrize("series", ["6.1", "6.12"])
    def test_an_instrumented_kernel_reports_a_use_after_free(
        self, series: str, vm_home: Path, bed: Bed
    ) -> None:
        kernel = build(f"linux-source-{series}", name=f"kasan-{series}", fragments=SANITIZED, home=vm_home)
        machine = bed.boot(Spec(kernel=kernel, memory_mb=512))
        machine.sh("echo READ_AFTER_FREE > /sys/kernel/debug/provoke-crash/DIRECT")
        assert b"BUG: KASAN:" in machine.console()

    def test_a_module_is_built_against_it(self, vm_home: Path, tmp_path: Path) -> None:
        kernel = build("linux-source-6.1", name="debug-6.1", fragments=DEBUG, home=vm_home)
        source = tmp_path / "hello"
        source.mkdir()
        (source / "Makefile").write_text("obj-m := hello.o\n")
        (source / "hello.c").write_text(
            '#include <linux/module.h>\nMODULE_LICENSE("GPL");\nMODULE_DESCRIPTION("nothing");\n'
        )
        assert build_module(source, kernel, vm_home).name == "hello.ko"
