"""Install, upgrade, rollback and uninstall, each killed at many points: the old or the new works, and no data are lost.

The points are Python's own audit events (a file opened to be written, a rename, a removal, a program started, ...), so they
lie just before each step that could matter. What the killed installer had started is killed with it.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from small_bundle import DEPLOY, Maker, as_root, install_sh, make_maker, product, write_small

pytestmark = pytest.mark.slow

POINTS = 26

KILLED_AT = """
import os, signal, sys
at, count = int(sys.argv[1]), 0
STEPS = {"os.rename", "os.mkdir", "os.symlink", "os.link", "os.remove", "os.rmdir", "os.chmod", "os.chown", "subprocess.Popen",
         "fcntl.flock", "os.listdir", "os.scandir"}
def step():
    global count
    count += 1
    if count == at:
        os.killpg(0, signal.SIGKILL)
def hook(event, args):
    if event in STEPS or event == "open" and isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR):
        step()
def tracer(frame, event, _):
    if "/installer/" not in frame.f_code.co_filename:
        return None
    if event == "line":
        step()
    return tracer
sys.path.insert(0, sys.argv[2])
from installer.main import main
# A rollback has ten steps: it is killed before every few lines of the installer's instead.
if "rollback" in sys.argv:
    sys.settrace(tracer)
else:
    sys.addaudithook(hook)
status = main(sys.argv[3:])
sys.settrace(None)
print(count, file=sys.stderr)
sys.exit(status)
"""


def run_killed(at: int, arguments: Sequence[object]) -> subprocess.CompletedProcess[str]:
    """The installer in a process group of its own, killed at its step `at`; 0: never, and the number of steps is told."""
    command = [sys.executable, "-I", "-B", "-c", KILLED_AT, str(at), str(DEPLOY), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, start_new_session=True)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done


@dataclass(frozen=True)
class World:
    """Two versions, and a prefix that is laid out anew for every trial."""

    prefix: Path
    maker: Maker
    first: Path
    second: Path
    saved: Path
    """Copies of the prefix, by what is installed in it."""

    def lay(self, saved: str | None) -> None:
        subprocess.run(["rm", "-rf", self.prefix], check=True)
        if saved:
            subprocess.run(["cp", "-a", self.saved / saved, self.prefix], check=True)

    def save(self, name: str) -> None:
        subprocess.run(["cp", "-a", self.prefix, self.saved / name], check=True)

    def state(self) -> tuple[str | None, str | None]:
        return product(self.prefix, "--version"), product(self.prefix, "words")

    def write_words(self, words: str) -> None:
        facts = self.prefix / "current/home/facts.json"
        facts.write_text(json.dumps(json.loads(facts.read_text()) | {"words": words}))

    def all_words(self) -> set[str]:
        """Of every home that is there."""
        return {
            json.loads(path.read_text())["words"]
            for path in self.prefix.glob("state/homes/[0-9]*/facts.json")
        }

    def points(self, saved: str | None, arguments: Sequence[object]) -> list[int]:
        """At least 25, spread over all steps, the last ones (where the switch is) all among them."""
        self.lay(saved)
        steps = int(run_killed(0, arguments).stderr.split()[-1])
        spread = {1 + (steps - 1) * k // (POINTS - 1) for k in range(POINTS)}
        chosen = sorted(spread | set(range(max(1, steps - 6), steps + 1)))
        assert len(chosen) >= 25
        return chosen


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("killed")
    maker = make_maker(folder / "maker")
    first = write_small(folder / "first.tar.zst", maker, "1.0", 1)
    second = write_small(folder / "second.tar.zst", maker, "2.0", 2, form=2)
    (folder / "saved").mkdir()
    made = World(folder / "prefix", maker, first, second, folder / "saved")
    arguments = ("--prefix", made.prefix, "--key", maker.public, *as_root())
    assert install_sh("--bundle", first, *arguments).returncode == 0
    made.write_words("first words")
    made.save("first")
    assert install_sh("upgrade", "--bundle", second, *arguments).returncode == 0
    made.write_words("second words")
    made.save("second")
    return made


OLD = ("stillhouse 1.0", "first words")


def test_an_installation_killed_anywhere_is_absent_or_whole_and_can_be_said_again(world: World) -> None:
    arguments = ("install", "--bundle", world.first, "--prefix", world.prefix, "--key", world.maker.public)
    arguments += as_root()
    for at in world.points(None, arguments):
        world.lay(None)
        killed = run_killed(at, arguments)
        assert killed.returncode == -signal.SIGKILL
        assert world.state() in ((None, None), ("stillhouse 1.0", "none yet")), at
        assert run_killed(0, arguments).returncode == 0
        assert world.state() == ("stillhouse 1.0", "none yet"), at
        assert not list(world.prefix.rglob(".incoming")), at


def test_an_upgrade_killed_anywhere_leaves_the_old_or_the_new_at_work_with_the_data(world: World) -> None:
    arguments = ("upgrade", "--bundle", world.second, "--prefix", world.prefix)
    new = ("stillhouse 2.0", "first words")
    seen = set()
    for at in world.points("first", arguments):
        world.lay("first")
        assert run_killed(at, arguments).returncode == -signal.SIGKILL
        found = world.state()
        assert found in (OLD, new), at
        seen.add(found)
        assert run_killed(0, arguments).returncode == 0
        assert world.state() == new, at
        if at % 4 == 0:
            assert run_killed(0, ("rollback", "--prefix", world.prefix)).returncode == 0
            assert world.state() == OLD, at
    assert seen == {OLD, new}, "some points lie before the switch, some behind it"


def test_a_rollback_killed_anywhere_leaves_the_old_or_the_new_at_work_and_no_data_are_lost(
    world: World,
) -> None:
    arguments = ("rollback", "--prefix", world.prefix)
    new = ("stillhouse 2.0", "second words")
    seen = set()
    for at in world.points("second", arguments):
        world.lay("second")
        assert run_killed(at, arguments).returncode == -signal.SIGKILL
        found = world.state()
        assert found in (OLD, new), at
        seen.add(found)
        if found == new:
            assert run_killed(0, arguments).returncode == 0
        assert world.state() == OLD, at
        assert world.all_words() == {"first words", "second words"}, at
    assert seen == {OLD, new}


def test_an_uninstall_killed_anywhere_goes_on_when_said_again_and_the_data_stay(world: World) -> None:
    arguments = ("uninstall", "--prefix", world.prefix)
    for at in world.points("second", arguments):
        world.lay("second")
        assert run_killed(at, arguments).returncode == -signal.SIGKILL
        assert world.state() in (("stillhouse 2.0", "second words"), (None, None)), at
        assert world.all_words() == {"first words", "second words"}, at
        again = install_sh(*arguments)  # the last point lies behind the last step that matters
        assert again.returncode == 0 or "nothing is installed" in again.stderr, at
        assert {path.name for path in world.prefix.iterdir()} <= {"state", "installer.lock"}, at
        assert world.all_words() == {"first words", "second words"}, at
        install = ("install", "--bundle", world.second, "--prefix", world.prefix, "--key", world.maker.public)
        if at % 5 == 0:
            assert run_killed(0, install + as_root()).returncode == 0
            assert world.state() == ("stillhouse 2.0", "second words"), at
