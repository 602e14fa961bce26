"""From a hint to a check-in: what is started, when, and that nothing is lost on the way."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import cast

import pytest

from appliance.errors import HostError
from appliance.log import SentenceLog
from appliance.model import EnergyBudget, EnergyLevel, Fault
from appliance.process.host import Host
from appliance.process.service import Service
from appliance.settings import Settings
from ota.disk import Disk
from ota.push.cycle import PushCycle
from ota.push.heard import Heard, HintFiles, open_files
from ota.push.hint import Hint, find_group_topic, find_unit_topic, make_serial
from ota.push.rules import Moment, judge
from tests.conftest import OpenStore
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.orders import FakeHost

UNIT, GROUP = find_unit_topic("box-7"), find_group_topic("hills")
START_CHECKIN = "start appliance-checkin.service"


@dataclass
class Desk:
    """A push service without a broker: messages come by `hear`."""

    settings: Settings
    clock: FakeClock
    open_store: OpenStore
    host: FakeHost = field(default_factory=FakeHost)
    share: float = 0.5

    def __post_init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """A new process, as after kill -9."""
        store = self.open_store("push")
        self.service = Service("push", self.settings, self.clock, store, SentenceLog("push"))
        host = cast("Host", self.host)
        self.push = PushCycle(self.service, (UNIT, GROUP), host, lambda: self.share)

    @property
    def files(self) -> HintFiles:
        return open_files(Disk(), self.settings)

    def set_level(self, level: EnergyLevel) -> None:
        now = self.clock.stamp()
        budget = EnergyBudget(now, level, 25.0, now.utc, 100.0, "for a test")
        self.open_store("power").add(budget)

    def hear(self, hint: Hint, topic: str = UNIT) -> None:
        self.push.take(topic, hint.format())

    def run(self, **span: float) -> str:
        """Cycles for so long; the last sentence."""
        ends = self.clock.utc + timedelta(**span)
        while True:
            self.service.run_once(self.push.cycle)
            if self.clock.utc >= ends:
                return self.push.cycle()
            self.clock.advance(10)
            self.set_level(self.level)

    level = EnergyLevel.ECO

    def make(self, spread_s: float = 0.0, **later: float) -> Hint:
        return Hint(make_serial(self.clock.utc + timedelta(**later)), spread_s)

    def obey(self) -> None:
        """As a check-in does at its end."""
        waiting = self.files.find_waiting()
        assert waiting is not None
        self.files.note_obeyed(waiting.ask)

    @property
    def starts(self) -> int:
        assert set(self.host.orders) <= {START_CHECKIN}
        return len(self.host.orders)


@pytest.fixture
def desk(settings: Settings, clock: FakeClock, open_store: OpenStore, tmp_path: Path) -> Desk:
    (tmp_path / "ota").mkdir()
    own = replace(settings, update=replace(settings.update, dir=tmp_path / "ota", group="hills"))
    made = Desk(own, clock, open_store)
    made.set_level(EnergyLevel.ECO)
    made.run()
    return made


def test_a_hint_starts_a_check_in_at_once_and_once(desk: Desk) -> None:
    hint = desk.make()
    desk.hear(hint)
    assert desk.starts == 1
    desk.obey()
    assert desk.run(minutes=30) == "waits for hints"
    desk.hear(hint)
    desk.run(minutes=5)
    assert desk.starts == 1, "a retained message comes with each connection"


def test_two_hints_in_a_minute_are_one_check_in_and_none_is_lost(desk: Desk) -> None:
    desk.hear(desk.make())
    desk.clock.advance(1)
    desk.obey()
    desk.hear(desk.make())
    desk.run(seconds=50)
    assert desk.starts == 1
    desk.run(seconds=20)
    assert desk.starts == 2, "the second one came after the mirrors were asked"


def test_a_check_in_that_obeys_nothing_is_started_again_later_and_later(desk: Desk) -> None:
    desk.hear(desk.make())
    times: list[float] = []
    for _ in range(60 * 4):
        if desk.starts > len(times):
            times.append(desk.clock.uptime_s)
        desk.clock.advance(60)
        desk.set_level(EnergyLevel.ECO)
        desk.service.run_once(desk.push.cycle)
    pauses = [later - before for before, later in pairwise(times)]
    assert pauses[0] >= 60
    assert pauses == sorted(pauses)
    assert pauses[-1] >= 3600


def test_without_energy_a_hint_waits_and_the_unit_asks_when_there_is_some(desk: Desk) -> None:
    for level in (EnergyLevel.HIBERNATE, EnergyLevel.OFF):
        desk.level = level
        desk.set_level(level)
        desk.run()
        desk.hear(desk.make())
        assert "energy" in desk.run(minutes=20)
        assert desk.starts == 0
    desk.level = EnergyLevel.SENTINEL
    desk.set_level(EnergyLevel.SENTINEL)
    desk.run()
    assert desk.starts == 1


def test_without_a_fresh_budget_nothing_is_started(desk: Desk) -> None:
    desk.clock.advance(3600)
    desk.service.run_once(desk.push.cycle)
    desk.hear(desk.make())
    assert desk.starts == 0


def test_an_ordinary_check_in_that_comes_first_ends_the_waiting(desk: Desk) -> None:
    desk.hear(desk.make(spread_s=3600), GROUP)
    desk.obey()
    desk.clock.advance(3600)
    desk.run(minutes=1)
    assert desk.starts == 0


def test_a_unit_waits_its_own_part_of_the_spread(desk: Desk) -> None:
    desk.hear(desk.make(spread_s=600), GROUP)
    desk.run(seconds=290)
    assert desk.starts == 0
    desk.run(seconds=20)
    assert desk.starts == 1


def test_a_hint_for_the_unit_does_not_wait_for_that_of_its_group(desk: Desk) -> None:
    desk.hear(desk.make(spread_s=3600), GROUP)
    desk.clock.advance(1)
    desk.hear(desk.make())
    assert desk.starts == 1


def test_a_hint_that_is_due_does_not_wait_for_a_later_one_with_a_spread(desk: Desk) -> None:
    desk.level = EnergyLevel.HIBERNATE
    desk.set_level(EnergyLevel.HIBERNATE)
    desk.run()
    desk.hear(desk.make())
    desk.clock.advance(1)
    desk.hear(desk.make(spread_s=3600), GROUP)
    desk.level = EnergyLevel.ECO
    desk.set_level(EnergyLevel.ECO)
    desk.run()
    assert desk.starts == 1


def test_ten_thousand_units_do_not_ask_at_one_moment(clock: FakeClock) -> None:
    chance = Random(7)
    hint = Hint(make_serial(clock.utc), spread_s=600)
    seconds: Counter[int] = Counter()
    for _ in range(10_000):
        heard = judge(Heard(), GROUP, hint, Moment(clock.utc, chance.random()))
        assert heard is not None
        assert heard.due is not None
        seconds[int((heard.due - clock.utc).total_seconds())] += 1
    assert max(seconds.values()) < 3 * 10_000 / 600
    assert len(seconds) > 590


@pytest.mark.parametrize("moment", ["before the order", "after the order"])
def test_a_service_that_is_killed_loses_no_hint(desk: Desk, moment: str) -> None:
    if moment == "before the order":
        desk.level = EnergyLevel.HIBERNATE
        desk.set_level(EnergyLevel.HIBERNATE)
        desk.run()
    desk.hear(desk.make())
    before = desk.starts
    desk.begin()
    desk.level = EnergyLevel.ECO
    desk.set_level(EnergyLevel.ECO)
    desk.run()
    assert desk.starts == before + 1
    desk.obey()
    desk.begin()
    desk.run(minutes=5)
    assert desk.starts == before + 1


HOSTILE = {
    "nothing": b"",
    "no JSON": b"\xff\xfe{",
    "a list": b"[1]",
    "a word": b'"serial"',
    "NaN": b'{"serial": NaN}',
    "infinity": b'{"serial": 1, "spread_s": 1e999}',
    "2^63": b'{"serial": 9223372036854775808}',
    "2^63 in words": b'{"serial": "9223372036854775808"}',
    "a fraction": b'{"serial": 1.5}',
    "true": b'{"serial": true}',
    "zero": b'{"serial": 0}',
    "negative": b'{"serial": -5}',
    "no serial": b'{"at": "now"}',
    "huge": b'{"serial": 1, "at": "' + b"a" * 100_000 + b'"}',
    "deep": b'{"serial": ' + b"[" * 5000,
    "many digits": b'{"serial": ' + b"9" * 400 + b"}",
    "a spread of a year": b'{"serial": %d, "spread_s": 31536000}',
    "a spread of nothing": b'{"serial": %d, "spread_s": null}',
    "a negative spread": b'{"serial": %d, "spread_s": -1}',
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_hint_is_refused_and_the_next_one_is_heard(desk: Desk, name: str) -> None:
    payload = HOSTILE[name].replace(b"%d", str(desk.make().serial).encode())
    desk.push.take(UNIT, payload)
    assert "refused" in desk.run(minutes=1)
    assert desk.starts == 0
    desk.hear(desk.make())
    assert desk.starts == 1
    assert "refused" not in desk.run()


def test_a_serial_from_far_ahead_makes_the_unit_deaf_for_nothing(desk: Desk) -> None:
    desk.hear(desk.make(days=2))
    desk.hear(desk.make(days=4000), GROUP)
    desk.run(minutes=1)
    assert desk.starts == 0
    desk.hear(desk.make())
    assert desk.starts == 1


def test_a_serial_that_goes_back_is_no_news(desk: Desk) -> None:
    desk.hear(desk.make())
    desk.obey()
    desk.hear(desk.make(hours=-1))
    desk.run(minutes=5)
    assert desk.starts == 1


def test_a_hint_that_was_taken_while_the_clock_was_years_ahead_counts_no_more(desk: Desk) -> None:
    right = desk.clock.utc
    desk.clock.set_wall_clock(right + timedelta(days=900))
    desk.hear(desk.make())
    desk.obey()
    desk.clock.set_wall_clock(right)
    desk.clock.advance(60)
    desk.hear(desk.make())
    assert desk.starts == 2


def test_a_hint_is_taken_once_the_clock_of_the_unit_is_right(desk: Desk) -> None:
    right = desk.clock.utc
    desk.clock.set_wall_clock(right - timedelta(days=900))
    desk.hear(Hint(make_serial(right)))
    assert "ahead" in desk.run(minutes=1)
    assert desk.starts == 0
    desk.clock.set_wall_clock(right + timedelta(minutes=1))
    desk.run()
    assert desk.starts == 1


def test_a_clock_that_is_set_back_does_not_make_a_hint_wait_for_years(desk: Desk) -> None:
    now = desk.clock.utc
    desk.hear(desk.make(spread_s=60), GROUP)
    desk.clock.set_wall_clock(now - timedelta(days=700))
    desk.run(seconds=10)
    assert desk.starts == 1


@pytest.mark.parametrize("text", ["", "[]", '{"serials": 5}', "\x00", '{"ask": "x"}', "{" * 9000])
def test_damaged_files_are_files_without_hints(desk: Desk, text: str) -> None:
    for path in (desk.files.heard_path, desk.files.obeyed_path):
        path.write_text(text)
    assert desk.run(minutes=1) == "waits for hints"
    desk.hear(desk.make())
    assert desk.starts == 1


def test_a_disk_that_takes_nothing_is_a_fault_and_the_hint_is_kept_in_memory(desk: Desk) -> None:
    path = desk.files.heard_path
    (path.with_name(f"{path.name}.part") / "in the way").mkdir(parents=True)
    desk.hear(desk.make())
    desk.run()
    assert desk.starts == 0
    fault = desk.open_store("web").last(Fault)
    assert fault is not None
    assert (fault.code, "check the disk" in fault.text) == ("push", True)
    (path.with_name(f"{path.name}.part") / "in the way").rmdir()
    path.with_name(f"{path.name}.part").rmdir()
    desk.run()
    assert desk.starts == 1


def test_an_order_that_is_refused_is_told_and_given_again(desk: Desk) -> None:
    desk.host.refuses = {START_CHECKIN}
    desk.hear(desk.make())
    desk.run()
    fault = desk.open_store("web").last(Fault)
    assert fault is not None
    assert fault.code == HostError.code
    desk.host.refuses = set()
    desk.run(seconds=70)
    assert desk.host.orders[-1] == START_CHECKIN
    assert len(desk.host.given) == 2


def test_the_topic_of_a_former_group_is_forgotten(desk: Desk) -> None:
    former = find_group_topic("valley")
    desk.files.write(Heard({former: make_serial(desk.clock.utc)}, ask=0))
    desk.hear(desk.make(), GROUP)
    assert set(json.loads(desk.files.heard_path.read_bytes())["serials"]) == {GROUP}


@pytest.mark.parametrize("find", [find_unit_topic, find_group_topic])
@pytest.mark.parametrize("name", ["+", "#", "a/b", "$SYS", "a b", "ä\n", "../x", "%2F", "\x00"])
def test_no_name_opens_another_topic(find: Callable[[str], str], name: str) -> None:
    topic = find(name)
    assert len(topic.split("/")) == 4
    assert not set("+# \n\x00$") & set(topic)
    assert topic.isascii()
    others = {find(one) for one in ("+", "#", "a/b", "%2F", "a%2Fb") if one != name}
    assert topic not in others
