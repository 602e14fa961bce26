"""Root's oneshot takes proposals of the page as hostile input, and answers each one once."""

import json
import os
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance import log
from appliance.settings_change.__main__ import run
from appliance.settings_change.proposals import (
    LONGEST_AGE_S,
    Proposal,
    make_proposal,
    read_proposals,
    take_away,
    write_proposal,
)
from tests.appliance.settings_change.rig import Rig, make_rig
from tests.stand_ins.fakes import FakeClock


@pytest.fixture
def rig(tmp_path: Path, clock: FakeClock) -> Rig:
    return make_rig(tmp_path, clock)


def propose(rig: Rig, old: str = '"barn"', new: str = '"stable"', **values: Any) -> Proposal:
    values = {"text": rig.text.replace(old, new), "base": rig.version, "why": "it moved"} | values
    proposal = make_proposal(rig.clock, "Ada at the touchscreen", **values)
    write_proposal(rig.proposals, proposal)
    return proposal


def carry_out(rig: Rig) -> None:
    run(rig.path, rig.clock, log.SentenceLog("test"))


def read_result(rig: Rig, proposal: Proposal) -> dict[str, Any]:
    found = rig.keeper.history.read_result(proposal.id)
    assert found is not None
    return found


def test_a_proposal_is_put_in_force_and_answered(rig: Rig) -> None:
    proposal = propose(rig)
    carry_out(rig)
    assert '"stable"' in rig.text
    assert read_result(rig, proposal)["ok"]
    (entry,) = rig.keeper.history.list_entries()
    assert (entry.who, entry.why) == ("Ada at the touchscreen", "it moved")


def test_it_is_carried_out_once(rig: Rig) -> None:
    propose(rig)
    carry_out(rig)
    rig.path.write_text(rig.text.replace("stable", "barn"))
    carry_out(rig)
    assert '"barn"' in rig.text
    take_away(rig.proposals, propose(rig).id)
    carry_out(rig)
    assert '"barn"' in rig.text


def test_of_two_proposals_of_one_version_the_second_is_refused_with_its_reason(rig: Rig) -> None:
    both = [propose(rig), propose(rig, '"10.0.0.2"', '"10.0.0.9"')]
    carry_out(rig)
    results = sorted((read_result(rig, one) for one in both), key=lambda one: one["ok"])
    assert [one["ok"] for one in results] == [False, True]
    assert results[0]["kind"] == "changed-meanwhile"


def test_a_confirmation_and_a_way_back_come_the_same_way(rig: Rig) -> None:
    before = rig.text
    propose(rig, "[mqtt]", '[web]\nhosts = ["barn.example"]\n[mqtt]')
    carry_out(rig)
    assert rig.keeper.history.find_waiting() is not None
    propose(rig, confirm=1, text="", base="")
    carry_out(rig)
    assert rig.keeper.history.find(1).confirmation == "confirmed"
    late = propose(rig, back=1, text="", base="")
    carry_out(rig)
    assert "waits for nothing" in read_result(rig, late)["reason"]
    assert rig.text != before


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('data_dir = "', 'data_dir = "/srv'),
        ("[mqtt]", '[switch.door]\nkind = "command"\non = "/bin/sh"\noff = "/bin/sh"\n[mqtt]'),
        ("[mqtt]", "[nonsense]\n[mqtt]"),
        ("[mqtt]", "[[[[["),
        ("[mqtt]", "a = " + "[" * 3000),
        ("[mqtt]", "# " + "x" * 1_000_000 + "\n[mqtt]"),
        ('"barn"', '"\\ud800"'),
        ('"barn"', "5"),
        ("systemctl = ", 'rtc = "/dev/rtc"\nsystemctl = "/bin/true" # '),
    ],
)
def test_what_the_page_could_not_have_asked_is_refused_and_the_file_stays(
    rig: Rig, old: str, new: str
) -> None:
    before = rig.text
    proposal = propose(rig, old, new)
    carry_out(rig)
    assert rig.text == before
    found = read_result(rig, proposal)
    assert not found["ok"]
    assert len(found["reason"]) < 600


def test_an_old_proposal_and_one_of_another_boot_are_not_carried_out(rig: Rig) -> None:
    before = rig.text
    first = propose(rig)
    rig.clock.advance(LONGEST_AGE_S + 1)
    carry_out(rig)
    second = propose(rig)
    rig.clock.reboot()
    carry_out(rig)
    for one in (first, second):
        assert "too old" in read_result(rig, one)["reason"]
    assert rig.text == before


def link(file: Path) -> None:
    content = file.read_bytes()
    other = file.parents[1] / "other.json"
    other.write_bytes(content)
    file.unlink()
    file.symlink_to(other)


def put_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def make_large(file: Path) -> None:
    file.write_bytes(b'"' + b"x" * 10_000_000)


def open_to_all(file: Path) -> None:
    file.chmod(0o666)


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-20])


def add_key(file: Path) -> None:
    file.write_text(json.dumps({**json.loads(file.read_text()), "uid": 0}))


@pytest.mark.parametrize("spoil", [link, put_pipe, make_large, open_to_all, cut, add_key])
def test_a_file_that_is_no_proposal_is_refused_and_nothing_is_waited_for(
    rig: Rig, spoil: Callable[[Path], None]
) -> None:
    before = rig.text
    proposal = propose(rig)
    spoil(rig.proposals / f"{proposal.id}.json")
    carry_out(rig)
    assert rig.text == before
    assert not read_result(rig, proposal)["ok"]


@pytest.mark.skipif(os.geteuid() != 0, reason="giving files away needs root")
def test_a_directory_or_a_file_of_another_user_counts_for_nothing(rig: Rig) -> None:
    before = rig.text
    proposal = propose(rig)
    os.chown(rig.proposals / f"{proposal.id}.json", 12_345, -1)
    carry_out(rig)
    assert "not of whom it should be" in read_result(rig, proposal)["reason"]
    propose(rig)
    os.chown(rig.proposals, 12_345, -1)
    assert list(read_proposals(rig.proposals, rig.clock)) == []
    carry_out(rig)
    assert rig.text == before


def test_a_directory_that_is_a_link_or_open_to_others_counts_for_nothing(rig: Rig) -> None:
    propose(rig)
    rig.proposals.chmod(0o770)
    assert list(read_proposals(rig.proposals, rig.clock)) == []
    rig.proposals.chmod(0o750)
    assert len(list(read_proposals(rig.proposals, rig.clock))) == 1
    moved = rig.proposals.rename(rig.path.parent / "moved")
    rig.proposals.symlink_to(moved)
    assert list(read_proposals(rig.proposals, rig.clock)) == []


def test_what_stands_beside_the_proposals_is_left_alone(rig: Rig) -> None:
    propose(rig)
    for name in ("../x.json", "A" * 32 + ".json", "0" * 31 + ".json", ".hidden"):
        (rig.proposals / name).write_text("{}")
    assert len(list(read_proposals(rig.proposals, rig.clock))) == 1


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(
    data=st.binary(max_size=200)
    | st.dictionaries(
        st.sampled_from(sorted(asdict(Proposal("", "", "", "", 0.0)))),
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    ).map(lambda tree: json.dumps(tree).encode())
)
def test_whatever_a_proposal_holds_is_refused_or_carried_out(rig: Rig, data: bytes) -> None:
    before = rig.text
    proposal = propose(rig)
    (rig.proposals / f"{proposal.id}.json").write_bytes(data)
    carry_out(rig)
    assert rig.text == before
    assert not read_result(rig, proposal)["ok"]


def test_who_is_shown_in_one_short_line(rig: Rig) -> None:
    proposal = replace(propose(rig), who="A\x1b[2J\n" + "b" * 500)
    write_proposal(rig.proposals, proposal)
    carry_out(rig)
    (entry,) = rig.keeper.history.list_entries()
    assert entry.who.isprintable()
    assert len(entry.who) < 150
