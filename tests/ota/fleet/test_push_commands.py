"""`fleet push`, `fleet broker`, and the hints that the server sends by itself."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine
from tuf.api.metadata import TargetFile

from ota.fleet.commands.broker import read_process_id
from ota.fleet.database.opening import open_database
from ota.fleet.errors import FleetError
from ota.fleet.push.calling import Called, Caller, find_called
from ota.fleet.registry.changes import revoke_unit
from ota.fleet.serve.upkeep import Upkeep
from ota.push.hint import Hint, find_group_topic, find_unit_topic, parse_hint
from ota.push.link import Link
from ota.push.secrets import make_tls_context
from ota.release.keys.secrets_source import SecretsSource
from provisioning.fleet_demo.demo_clock import DemoClock
from provisioning.fleet_demo.signing import Engineer
from tests.stand_ins.fleet_broker import HOST, FleetBroker, now
from tests.stand_ins.fleet_unit import FleetUnit
from tests.stand_ins.mosquitto import needs_broker
from tests.waiting import wait_until

LATER = timedelta(minutes=1)


def make_entry(**custom: object) -> TargetFile:
    entry = TargetFile(1, {"sha256": "00" * 32}, "x")
    entry.unrecognized_fields["custom"] = {"release": "2", "from": "", "until": None, **custom}
    return entry


@dataclass
class Heard:
    """What a unit has heard, by the topic's first words."""

    unit: FleetUnit
    link: Link
    hints: list[tuple[str, Hint]]

    def wait(self, count: int) -> None:
        wait_until(lambda: len(self.hints) >= count, f"hint {count} of {self.unit.name}")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    Engineer(tmp_path / "fleet", DemoClock(now())).begin(2)
    opened = open_database(f"sqlite:///{tmp_path / 'fleet/fleet.db'}")
    yield opened
    opened.dispose()


@pytest.fixture
def broker(tmp_path: Path, engine: Engine) -> Iterator[FleetBroker]:
    with FleetBroker(tmp_path, engine) as running:
        yield running


@pytest.fixture
def seven(broker: FleetBroker) -> Iterator[Heard]:
    yield from listen(broker, "field-7", "hills")


@pytest.fixture
def eight(broker: FleetBroker) -> Iterator[Heard]:
    yield from listen(broker, "field-8", "valley")


def listen(broker: FleetBroker, name: str, group: str) -> Iterator[Heard]:
    unit = broker.enter(name, group)
    topics = (find_unit_topic(unit.serial), find_group_topic(group))
    hints: list[tuple[str, Hint]] = []
    context = make_tls_context(unit.directory, None)

    def take(topic: str, payload: bytes) -> None:
        hints.append((topic, parse_hint(payload)))

    link = Link((HOST, broker.port), unit.serial, topics, context, take, retry_s=1)
    link.start()
    wait_until(lambda: not link.trouble, "the connection")
    yield Heard(unit, link, hints)
    link.close()


@pytest.fixture
def engineer(tmp_path: Path, broker: FleetBroker) -> Engineer:
    """Types commands with the certificates that `fleet broker` made."""
    directory = tmp_path / "fleet"
    (directory / "broker").symlink_to(broker.place.directory)
    return Engineer(directory, DemoClock(now()))


def push(engineer: Engineer, broker: FleetBroker, *words: str) -> str:
    own = ("--fleet", engineer.directory, "--broker", f"{HOST}:{broker.port}")
    return engineer.type("push", *words, *own)


@needs_broker
def test_fleet_push_reaches_units_and_groups_by_their_names(
    engineer: Engineer, broker: FleetBroker, seven: Heard, eight: Heard
) -> None:
    said = push(engineer, broker, "field-7", "group:valley", "--spread", "10m")
    assert "2 hints" in said
    for heard, spread_s in ((seven, 600.0), (eight, 600.0)):
        heard.wait(1)
        assert heard.hints[0][1].spread_s == spread_s
    assert "group" in eight.hints[0][0]
    push(engineer, broker, "unit:field-7")
    seven.wait(2)
    assert seven.hints[1][1].spread_s == 0
    assert seven.hints[1][1].serial >= seven.hints[0][1].serial


@needs_broker
@pytest.mark.parametrize("whom", ["field-9", "field-8"])
def test_a_unit_that_is_unknown_or_was_taken_out_is_named_and_nobody_is_called(
    engineer: Engineer, broker: FleetBroker, seven: Heard, engine: Engine, whom: str
) -> None:
    broker.enter("field-8")
    revoke_unit(engine, "field-8", "stolen", now())
    with pytest.raises(FleetError, match=f"called {whom}: nothing was sent"):
        push(engineer, broker, "field-7", whom)
    assert not seven.hints


def test_a_group_of_thousands_is_spread_over_time() -> None:
    assert Called(("all",), {}, (), 50).spread_s == 0
    assert Called(("all",), {}, (), 10_000).spread_s == 1000
    assert Called(("all",), {}, (), 10_000_000).spread_s == 86_400


def test_more_units_than_one_question_to_the_database_can_name(engine: Engine) -> None:
    names = [f"field-{number}" for number in range(1800)]
    assert find_called(engine, names, []).unknown == tuple(names)


@needs_broker
def test_the_server_calls_those_for_whom_something_new_was_signed(
    broker: FleetBroker, seven: Heard, eight: Heard, engine: Engine
) -> None:
    caller, at = Caller(engine, broker.address), now()
    seen = {"units/field-7": make_entry(), "groups/valley": make_entry()}
    assert caller.call(seen, at) == [], "what was there before the server started"
    assert caller.call(seen, at) == []
    paused = {**seen, "units/field-7": make_entry(paused="by anna")}
    assert caller.call(paused, at) == []
    assert caller.call(seen, at) == ["hints for field-7"]
    seven.wait(1)
    new = {**seen, "groups/valley": make_entry(release="3")}
    assert caller.call(new, at + LATER) == ["hints for the group valley"]
    eight.wait(1)
    assert len(seven.hints) == 1


@needs_broker
def test_a_broker_that_is_down_stops_no_rollout_and_is_tried_again(
    broker: FleetBroker, seven: Heard, engine: Engine
) -> None:
    caller, at = Caller(engine, broker.address), now()
    caller.call({}, at)
    broker.stop()
    new = {"units/field-7": make_entry()}
    (line,) = caller.call(new, at)
    assert line.startswith("no hints were sent")
    broker.start()
    assert caller.call(new, at) == ["hints for field-7"]
    seven.wait(1)


@needs_broker
def test_the_minutes_work_calls_a_unit_after_its_release_is_served(
    broker: FleetBroker, seven: Heard, engine: Engine, tmp_path: Path
) -> None:
    engineer = Engineer(tmp_path / "signing", DemoClock(now()))
    engineer.begin(2)
    engineer.release("2026.12", 12)
    www = tmp_path / "www"
    upkeep = Upkeep(engineer.directory, www, tmp_path / "ca", engine, SecretsSource({}))
    upkeep.caller = Caller(engine, broker.address)
    upkeep.keep_up(now())
    engineer.type("assign", "field-7", "2026.12", "--fleet", engineer.directory)
    lines = upkeep.keep_up(now() + LATER)
    assert lines[-1] == "hints for field-7"
    assert "has the tree" in lines[-2]
    seven.wait(1)


def test_fleet_broker_writes_what_a_mosquitto_needs(tmp_path: Path, engine: Engine) -> None:
    engineer = Engineer(tmp_path / "fleet", DemoClock(now()))
    words = ("--name", "fleet.example.org", "--listen", "127.0.0.1:18883")
    said = engineer.type("broker", *words, "--fleet", engineer.directory)
    text = (engineer.directory / "broker/mosquitto.conf").read_text()
    assert "mosquitto.conf" in said
    for line in ("require_certificate true", "allow_anonymous false", "listener 18883 127.0.0.1"):
        assert line in text.splitlines()


@pytest.mark.parametrize("text", ["", "x", "0", "1", "-5"])
def test_a_file_that_names_no_mosquitto_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "pid"
    path.write_text(text)
    with pytest.raises(FleetError):
        read_process_id(path)
