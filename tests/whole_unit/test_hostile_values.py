"""Whatever is typed after a command's options: an answer or one clear line, and an exit code."""

import argparse
from collections.abc import Iterator

import pytest

from appliance.__main__ import main, make_parser
from tests.appliance.commands.conftest import unit
from tests.appliance.commands.typed_unit import Unit
from tests.scenes import filled

__all__ = ["unit"]  # a fixture

HOSTILE = (
    "",
    " ",
    "-1",
    "0",
    "000001999",
    "99999",
    "9" * 5000,
    "nan",
    "1e999",
    "9999999d",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "\udcff",
    "a\nb",
    "\x1b[31m",
    "\u202e",
    "\u2028",
    "/proc/x/y",
    "/dev/full",
    "/dev/null/x",
    "x" * 300,
    "[" * 3000,
    "%s{0}'\"",
)
ON_REAL_PORTS = ("power", "probe")  # asks whatever is connected to this machine: only parsed
LONGEST_LINE = 1100


def list_leaves(
    parser: argparse.ArgumentParser, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], argparse.ArgumentParser]]:
    """Each command and action with its parser."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, sub in action.choices.items():
                yield from list_leaves(sub, (*path, name))
    if path:
        yield path, parser


def list_lines(path: tuple[str, ...], parser: argparse.ArgumentParser) -> Iterator[list[str]]:
    """Command lines in which one value is hostile, and what else is needed stands there."""
    actions = [one for one in parser._actions if one.nargs != 0]
    actions = [one for one in actions if not isinstance(one, argparse._SubParsersAction)]
    needed = [one for one in actions if not one.option_strings and one.nargs != "?"]
    usual = ["x" for _ in needed]
    for action in actions:
        for value in HOSTILE:
            if action.nargs == "?" and not value:
                continue  # as if it were not given
            if action.option_strings:
                yield [*path, *usual, f"{action.option_strings[-1]}={value}"]
            else:
                words = [value if one is action else "x" for one in needed]
                yield [*path, "--", *(words if action in needed else [value])]
    yield from ([*path, *usual, value] for value in HOSTILE)  # one word too many


LEAVES = dict(list_leaves(make_parser()))


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_each_option_of_each_command_takes_any_value(
    unit: Unit, path: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    filled.fill(unit.open_as)
    for words in list_lines(path, LEAVES[path]):
        if path == ON_REAL_PORTS:
            with pytest.raises(SystemExit):
                make_parser().parse_args([*words, "--help"])
            capsys.readouterr()
            continue
        given = words if any("--settings" in word for word in words) else [*own(unit), *words]
        with pytest.raises(SystemExit) as left:
            main(given)
        out, err = capsys.readouterr()
        assert left.value.code in (0, 1, 2), words
        assert "Traceback" not in err, words
        assert all(line.isprintable() for line in out.splitlines()), words
        lines = err.splitlines()
        assert all(len(line) < LONGEST_LINE and line.isprintable() for line in lines), words
        if left.value.code == 2:
            assert out == "", words
            assert len(lines) == 1, words


def own(unit: Unit) -> list[str]:
    return ["--settings", str(unit.settings)]
