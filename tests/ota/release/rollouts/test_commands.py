"""`fleet rollout` as it is typed."""

import io
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.ota.release.conftest import Desk

START = ("rollout", "start", "december", "r2", "--group", "all", "--first", "u0,u1")


def write_units(desk: Desk, count: int = 10, **changed: dict[str, Any]) -> Path:
    """What units have reported; `changed` by name."""
    units = [
        {
            "name": f"u{number}",
            "group": "all",
            "running_release": "r1",
            "reported_at": desk.now.isoformat(),
            **changed.get(f"u{number}", {}),
        }
        for number in range(count)
    ]
    path = desk.directory / "units.json"
    path.write_text(json.dumps(units))
    return path


def test_a_rollout_is_typed_from_its_begin_to_its_end(desk: Desk) -> None:
    new = {"running_release": "r2"}
    said = desk.do(*START, "--waves", "50%,100%", "--units", write_units(desk))
    assert said == "december is running: wave first (1 of 3) begins: 2 units get r2\n"
    units = write_units(desk, u0=new, u1=new)
    said = desk.do("rollout", "advance", "december", "--units", units)
    assert "wave first (1 of 3): 2 of 2 run r2; it must hold until" in said
    desk.now += timedelta(hours=24)
    said = desk.do("rollout", "advance", "december", "--units", units)
    assert "wave 50% (2 of 3) begins: 3 units get r2" in said
    assert "3 of them" not in desk.do("rollout", "status")
    desk.do("rollout", "pause", "december", "--reason", "rain", "--units", units)
    assert "5 units, 3 of them paused: rain" in desk.do("rollout", "status")
    desk.do("rollout", "resume", "december")
    desk.do("rollout", "stop", "december", "--reason", "it beeps")
    said = desk.do("rollout", "status", "december")
    assert "What happened" in said
    assert "wave 50% (2 of 3) begins: 3 units get r2" in said
    assert "paused: it beeps" in desk.do("status")
    assert "units follow their group again" in desk.do("rollout", "remove", "december")
    assert "no release goes out in waves" in desk.do("rollout", "status")
    desk.verify()


def test_the_units_come_from_standard_input_as_well(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = {"failed_releases": ["r2"]}
    desk.do(*START)
    data = write_units(desk, u1=failed).read_bytes()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))
    said = desk.do("rollout", "advance", "december", "--units", "-")
    assert said.startswith("december is stopped: wave first (1 of 5): 1 of 2 (all units so far)")


def test_programs_read_the_same_as_json(desk: Desk) -> None:
    desk.do(*START, "--window", "22:00-05:00", "--soak", "2d", "--failures", 0)
    [found] = json.loads(desk.do("rollout", "status", "--json"))
    assert found["name"] == "december"
    assert (found["window"], found["soak_h"], found["failure_pct"]) == ("22:00-05:00", 48, 0)
    assert (found["assigned"], found["paused"]) == ({"first": 2}, 0)
    assert (found["conditions"], found["outlook"]) == (None, None)
    units = write_units(desk, u0={"running_release": "r2"})
    [found] = json.loads(desk.do("rollout", "status", "december", "--json", "--units", units))
    assert found["conditions"]["first"]["committed"] == ["u0"]
    assert found["outlook"].startswith("wave first (1 of 5): 1 of 2 run r2, 1 waiting (u1)")
    datetime.fromisoformat(found["wave_since"])
    assert desk.do("rollout", "status", "--json").count('"name": "december"') == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--waves", "10,100%"), "is no list of percentages"),
        (("--waves", "0%,100%"), "from 1 to 100"),
        (("--soak", "90m"), "no time in hours or days"),
        (("--soak", "h"), "no whole number"),
        (("--success", "0"), "from 1 to 100"),
        (("--failures", "100"), "from 0 to 99"),
        (("--window", "at night"), "no span of a day"),
        (("--first", "u1,,u2"), "no list of units"),
        (("--group", " "), "no name"),
    ],
)
def test_a_slip_is_refused_with_the_option(desk: Desk, options: tuple[str, str], said: str) -> None:
    answer = desk.type(*START, *options)
    assert answer.code == 2
    assert options[0] in answer.err
    assert said in answer.err


def test_a_list_that_cannot_be_used_is_named(desk: Desk) -> None:
    path = desk.directory / "units.json"
    assert desk.type(*START, "--units", path).code == 1
    path.write_text("{}")
    assert f"{path}: the list of units cannot be used" in desk.type(*START, "--units", path).err
    assert "there is no rollout" in desk.type("rollout", "status", "december").err


def test_other_commands_cope_with_a_rollout(desk: Desk) -> None:
    desk.do(*START)
    said = desk.do("status")
    assert (
        "december  r2 to group:all, running, wave first (1 of 5), 2 units"
        in " ".join(said.split(" ")).replace("    ", "  ").replace("   ", "  ")
        or "december" in said
    )
    assert "assigned to units and groups: 2" in desk.verify()
    desk.do("assign", "u0", "r2")
    assert "1 units" in desk.do("rollout", "status")
    desk.do("unassign", "u0", "u1")
    desk.do("renew", "--bins", 8)
    desk.do("keys", "rotate", "director-online-1")
    assert "december" in desk.do("rollout", "status")
    desk.do("usb", desk.directory / "stick")
    desk.verify(desk.directory / "stick")
