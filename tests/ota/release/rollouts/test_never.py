"""Whatever units report: no wave has more units than it may, and no unit is sent back."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st
from tuf.api.metadata import Metadata, TargetFile, Targets

from ota.release.metadata.reading import State
from ota.release.releases.known import target_path
from ota.release.rollouts.beginning import begin_wave
from ota.release.rollouts.definition import RolloutDefinition, RolloutState, make_waves
from ota.release.rollouts.entries import find_members
from ota.release.rollouts.rules import Action, decide
from ota.release.rollouts.scene import Scene
from ota.release.rollouts.status import Condition, UnitStatus, find_condition
from ota.release.rollouts.waves import find_quota

BEGIN = datetime(2026, 12, 1, tzinfo=UTC)
SEQUENCES = {"r1": 1, "r2": 2, "r3": 3}
RELEASES = st.sampled_from(["", *SEQUENCES])


def make_image() -> State:
    """The published releases; nothing else of it is asked for."""
    paths = [target_path(name) for name in SEQUENCES]
    targets = Targets(targets={path: TargetFile(1, {"sha256": "00" * 32}, path) for path in paths})
    return State(cast(Any, None), (), cast(Any, None), cast(Any, None), Metadata(targets))


IMAGE = make_image()


def make_entry(unit: str, release: str, **more: str) -> TargetFile:
    custom = {"release": release, "wave": "", **more}
    return TargetFile(1, {"sha256": "00" * 32}, f"units/{unit}", {"custom": custom})


class PaperFleet:
    """`by_hand`: what persons have assigned to units, `before`: an earlier rollout."""

    def __init__(
        self,
        running: list[str],
        by_hand: dict[str, str],
        before: dict[str, str],
        percents: list[int],
        first: int,
    ) -> None:
        units = [f"u{number}" for number in range(len(running))]
        self.statuses = {
            unit: UnitStatus(unit, "all", release, reported_at=BEGIN)
            for unit, release in zip(units, running, strict=True)
        }
        self.by_hand = {one: release for one, release in by_hand.items() if one in self.statuses}
        self.entries = {
            f"units/{one}": make_entry(one, release) for one, release in self.by_hand.items()
        }
        self.entries |= {
            f"units/{one}": make_entry(one, release, rollout="november")
            for one, release in before.items()
            if one in self.statuses and one not in by_hand
        }
        self.first = units[:first]
        self.now = BEGIN
        waves = make_waves(self.first, [*percents, 100])
        self.definition = RolloutDefinition(
            "december", "r2", "all", waves, "", 50, 20, 2, wave_since=BEGIN
        )
        self.is_begun = False

    def look(self) -> Scene:
        live = frozenset([self.definition.name])
        return Scene(IMAGE, IMAGE, self.entries, live, SEQUENCES, self.statuses, self.now)

    def advance(self) -> None:
        """As ota/release/rollouts/rollouts.py does, without signing."""
        number = self.definition.wave + 1
        if not self.is_begun:
            number, self.is_begun = 0, True
        else:
            members = find_members(self.entries, "december")
            action = decide(self.definition, members, self.statuses, self.now).action
            if action is Action.SOAK:
                self.definition = replace(self.definition, reached_at=self.now)
            if action is Action.STOP:
                self.definition = replace(self.definition, state=RolloutState.STOPPED)
            if action is not Action.NEXT:
                return
        begun = begin_wave(self.look(), self.definition, number)
        self.check(begun.entries)
        self.definition = begun.definition
        self.entries = {**self.entries, **begun.entries}

    def check(self, new: dict[str, TargetFile]) -> None:
        """Of entries that are about to be signed."""
        for path in new:
            unit = path.removeprefix("units/")
            assert unit not in self.by_hand
            if path.startswith("units/"):
                running = self.statuses[unit].running_release
                present = self.entries[path].custom["release"] if path in self.entries else ""
                assert SEQUENCES.get(running, 0) <= SEQUENCES["r2"]
                assert SEQUENCES.get(present, 0) <= SEQUENCES["r2"]

    def check_share(self) -> None:
        """No more units have it than the current wave allows."""
        count = len(self.find_units())
        percent = self.definition.current.percent
        quota = find_quota(percent, len(self.statuses)) if percent else 0
        assert count <= max(len(self.first), quota)

    def find_units(self) -> set[str]:
        return set(find_members(self.entries, "december"))

    def check_stop(self, before: set[str]) -> None:
        """Nobody is added while more than the limit has failed."""
        conditions = [find_condition(self.statuses[one], "r2", self.now) for one in before]
        if 100 * conditions.count(Condition.FAILED) > 20 * len(before):
            assert self.find_units() == before


@given(data=st.data())
def test_no_wave_is_overrun_and_no_unit_is_sent_back(data: st.DataObject) -> None:
    running = data.draw(st.lists(RELEASES, min_size=1, max_size=40))
    hands = st.dictionaries(st.sampled_from([f"u{one}" for one in range(40)]), RELEASES, max_size=5)
    percents = data.draw(st.lists(st.integers(1, 99), max_size=4, unique=True).map(sorted))
    first = data.draw(st.integers(0, 3))
    fleet = PaperFleet(running, data.draw(hands), data.draw(hands), percents, first)
    for _ in range(data.draw(st.integers(1, 25))):
        fleet.now += timedelta(hours=data.draw(st.integers(0, 30)))
        names = st.sampled_from(sorted(fleet.statuses))
        for name in data.draw(st.lists(names, max_size=len(running), unique=True)):
            what = data.draw(st.sampled_from(["commit", "fail", "sleep", "wake", "newer"]))
            fleet.statuses[name] = change(fleet.statuses[name], what, fleet.now)
        before = fleet.find_units()
        fleet.advance()
        fleet.check_share()
        fleet.check_stop(before)


def change(status: UnitStatus, what: str, now: datetime) -> UnitStatus:
    changes: dict[str, dict[str, Any]] = {
        "commit": {"running_release": "r2"},
        "fail": {"failed_releases": ("r2",), "running_release": "r1"},
        "sleep": {"expected_at": now + timedelta(days=9)},
        "wake": {"expected_at": None},
        "newer": {"running_release": "r3"},
    }
    return replace(status, reported_at=now, **changes[what])
