"""A command that is killed at any moment leaves trees that verify, and can be given again."""

import os
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ota.release.__main__ import main
from ota.release.errors import ReleaseError
from ota.release.verifying import verify_tree
from tests.ota.release.conftest import Desk

# What changes the disk: before each of these the process is killed once.
CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.link", "os.truncate", "os.rmdir"}


def changes(event: str, arguments: tuple[Any, ...]) -> bool:
    if event == "open":
        return isinstance(arguments[2], int) and bool(arguments[2] & (os.O_WRONLY | os.O_RDWR))
    return event in CHANGES


def run_until(words: list[str], count: int) -> bool:
    """Run a command in a process that is killed (-9) before its change of that number; returns
    whether it ended before that.
    """
    child = os.fork()
    if child == 0:
        seen = 0

        def kill_in_time(event: str, arguments: tuple[Any, ...]) -> None:
            nonlocal seen
            if changes(event, arguments):
                seen += 1
                if seen == count:
                    os.kill(os.getpid(), signal.SIGKILL)

        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(1, 2)
        sys.addaudithook(kill_in_time)
        try:
            main(words)
        except SystemExit as left:
            os._exit(left.code if isinstance(left.code, int) else 99)
        finally:
            os._exit(98)
    status = os.waitpid(child, 0)[1]
    if os.WIFEXITED(status):
        assert os.WEXITSTATUS(status) == 0, words
        return True
    return False


def kill_everywhere(desk: Desk, words: list[str], step: int) -> Iterator[Path]:
    """The directory after each kill (of every so many changes); each try begins with the same."""
    kept = desk.directory / "kept"
    work = [desk.fleet, desk.directory / "www"]
    for path in work:
        shutil.copytree(path, kept / path.name) if path.exists() else None
    for count in range(1, 500, step):
        ended = run_until(words, count)
        yield desk.directory
        if ended:
            assert count > 3 * step or step > 1
            return
        for path in work:
            shutil.rmtree(path, ignore_errors=True)
            if (kept / path.name).exists():
                shutil.copytree(kept / path.name, path)
    raise AssertionError("the command never ended")


def check_trees(desk: Desk) -> None:
    for tree in (desk.tree, desk.directory / "www"):
        if (tree / "director/metadata/timestamp.json").exists():
            verify_tree(str(tree), desk.fleet / "trust")


def stand(desk: Desk) -> None:
    """One release published and given, the next one built, and the first one on a web server."""
    desk.issue("r1", 1)
    desk.do("assign", "u1", "r1")
    desk.do("release", "publish", "--to", desk.directory / "www")
    desk.build("r2", 2)


def stand_signed(desk: Desk) -> None:
    stand(desk)
    desk.do("release", "sign", "r2")


def stand_given(desk: Desk) -> None:
    """A new release, published and given in the fleet's tree, not yet on the web server."""
    stand_signed(desk)
    desk.do("release", "publish", "r2")
    desk.do("assign", "u1", "r2")


def stand_rolling(desk: Desk) -> None:
    stand(desk)
    desk.do("rollout", "start", "november", "r1", "--group", "all", "--first", "u2,u3,u4")


def stand_rolled(desk: Desk) -> None:
    stand(desk)
    desk.do("rollout", "start", "october", "r1", "--group", "all", "--first", "u2,u3,u4")
    desk.do("rollout", "stop", "october", "--reason", "x")


# Every change in `make test-long`; in `make test` some, as a command makes dozens.
EACH_STEP = pytest.mark.parametrize("step", [5, pytest.param(1, marks=pytest.mark.long)])
PREPARE = {
    "rollout stop november --reason x": stand_rolling,
    "rollout remove october": stand_rolled,
    "release publish r2 --to {www}": stand_signed,
    "release publish --to {www}": stand_given,
}
COMMANDS = [
    "release build r3 --sequence 3 --settings {settings}",
    "release sign r2",
    "release publish r2 --to {www}",
    "release publish --to {www}",
    "assign u2 u3 group:all r1",
    "unassign u1",
    "renew --force --to {www}",
    "renew --bins 8 --to {www}",
    "usb {www}",
    "rollout start december r1 --group all --first u2,u3",
    "rollout stop november --reason x",
    "rollout remove october",
]


@EACH_STEP
@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_that_is_killed_leaves_trees_that_verify(
    desk: Desk, line: str, step: int
) -> None:
    PREPARE.get(line, stand)(desk)
    places = {"www": desk.directory / "www", "settings": desk.directory / "settings.toml"}
    words = line.format(**places).split()
    for _ in kill_everywhere(desk, words, step):
        check_trees(desk)
        is_over = words[0] in ("unassign", "rollout")  # done, but for its answer
        assert desk.type(*words).code == 0 or is_over
        check_trees(desk)
        assert list(desk.fleet.rglob("*.part")) == []


@EACH_STEP
@pytest.mark.parametrize("key", ["image-online-1", "director-online-1", "targets-1", "root-2"])
def test_a_change_of_keys_that_is_killed_leaves_trees_that_verify(
    desk: Desk, key: str, step: int
) -> None:
    stand(desk)
    for _ in kill_everywhere(desk, ["keys", "rotate", key], step):
        check_trees(desk)
        for _ in range(2):
            desk.type("keys", "rotate", key)
            desk.do("keys", "sign")
        desk.do("renew")
        desk.do("release", "publish", "--to", desk.directory / "www")
        check_trees(desk)
        assert f"{key} has no role" in desk.type("keys", "rotate", key).err
        roots = [desk.find_root(name)["roles"]["root"]["keyids"] for name in ("image", "director")]
        assert roots[0] == roots[1]


@EACH_STEP
def test_a_fleet_is_begun_whole_or_not_at_all(empty_desk: Desk, step: int) -> None:
    words = ["init", str(empty_desk.fleet), "--bins", "2"]
    for _ in kill_everywhere(empty_desk, words, step):
        if not empty_desk.fleet.exists():
            empty_desk.do(*words)
        empty_desk.verify()
        shutil.rmtree(empty_desk.fleet)


def test_the_test_would_see_a_timestamp_that_comes_too_early(desk: Desk) -> None:
    stand_signed(desk)
    desk.do("release", "publish", "r2")
    www = desk.directory / "www"
    early = desk.tree / "image/metadata/timestamp.json"
    shutil.copy(early, www / "image/metadata/timestamp.json")
    with pytest.raises(ReleaseError, match="not there"):
        check_trees(desk)
