"""One word for each unit, counts, lists; and the same as JSON for the operator's programs."""

from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from ota.errors import LinkError
from ota.fleet.operator.app import create_operator_app
from ota.fleet.registry.changes import revoke_unit
from ota.fleet.registry.questions import Question, count_fleet, list_places, list_units, reading
from tests.ota.fleet.conftest import MakeUnit, ServerClock
from tests.stand_ins.fleet_unit import BEGIN

FAULT = {"code": "camera", "source": "camera@gate", "text": "no", "since": "2026-04-15T07:00:00Z"}


@pytest.fixture
def client(engine: Engine, clock: ServerClock) -> FlaskClient:
    return create_operator_app(engine, clock).test_client()


def find_states(engine: Engine, clock: ServerClock) -> dict[str, str]:
    with reading(engine) as connection:
        found = list_units(connection, Question(), clock())
    return {one["name"]: one["state"] for one in found["units"]}


def test_each_unit_has_one_word_the_most_important_one(
    engine: Engine, make_unit: MakeUnit, clock: ServerClock
) -> None:
    make_unit("never")
    make_unit("fine").report()
    make_unit("fault").report(faults=[FAULT])
    make_unit("updating").report(state="download", release="2026.12")
    make_unit("asleep").report(expected_at="2026-04-16T06:00:00Z")
    make_unit("revoked").report()
    revoke_unit(engine, "revoked", "sold", clock())
    assert find_states(engine, clock) == {
        name: name for name in ("asleep", "fault", "fine", "never", "revoked", "updating")
    }


def test_a_unit_that_said_when_it_will_be_back_is_asleep_until_then_however_long(
    engine: Engine, make_unit: MakeUnit, clock: ServerClock
) -> None:
    back = BEGIN + timedelta(days=60)
    make_unit("winter").report(expected_at=back.isoformat())
    clock.advance(days=60, hours=1)
    assert find_states(engine, clock) == {"winter": "asleep"}
    clock.advance(hours=2)
    assert find_states(engine, clock) == {"winter": "silent"}


def test_a_unit_is_silent_after_36_hours_without_a_word(
    engine: Engine, make_unit: MakeUnit, clock: ServerClock
) -> None:
    make_unit("field-7").report()
    clock.advance(hours=36)
    assert find_states(engine, clock) == {"field-7": "fine"}
    clock.advance(seconds=1)
    assert find_states(engine, clock) == {"field-7": "silent"}


def test_the_fleet_is_counted(engine: Engine, make_unit: MakeUnit, clock: ServerClock) -> None:
    for number in range(3):
        make_unit(f"field-{number}").report(faults=[FAULT, {**FAULT, "source": "camera@yard"}])
    make_unit("hill-1", group="hills").report(running_release="2026.12", waits_for="energy")
    make_unit("gone").report()
    revoke_unit(engine, "gone", "sold", clock())
    with reading(engine) as connection:
        found = count_fleet(connection, clock())
    assert found["units"] == 4
    assert found["states"] == {"fault": 3, "fine": 1, "revoked": 1}
    assert found["releases"] == {"2026.11": 3, "2026.12": 1}
    assert found["waits_for"] == {"energy": 1}
    assert found["groups"] == {"all": 3, "hills": 1}
    assert found["faults"] == {"camera": 3}
    assert found["energy"] == {
        "mean_charge_pct": 71.0,
        "least_autonomy_days": 2.5,
        "sun_week_kwh": 37.6,
    }


def test_lists_are_narrowed_sorted_and_turned_page_by_page(
    make_unit: MakeUnit, client: FlaskClient
) -> None:
    for number, charge_pct in enumerate((50.0, None, 20.0, 90.0)):
        energy = {"level": "ECO", "charge_pct": charge_pct}
        make_unit(f"field-{number}").report(energy=energy)
    make_unit("hill_1", group="hills").report(waits_for="energy")

    def ask(query: str) -> list[str]:
        answer = client.get(f"/api/v1/units?{query}").get_json()
        return [one["name"] for one in answer["units"]]

    assert ask("sort=charge_pct&group=all") == ["field-2", "field-0", "field-3", "field-1"]
    assert ask("sort=charge_pct&descending=true&group=all")[:2] == ["field-3", "field-0"]
    assert ask("limit=2&offset=3") == ["field-3", "hill_1"]
    assert ask("text=LL_") == ["hill_1"]
    assert ask("text=%25") == []
    assert ask("waits_for=energy") == ["hill_1"]
    assert ask("fault=camera") == []
    assert client.get("/api/v1/units?limit=1").get_json()["total"] == 5


@pytest.mark.parametrize(
    "query",
    [
        "sort=password",
        "limit=0",
        "limit=501",
        "offset=-1",
        "state=wrong",
        "x=1",
        "descending=maybe",
        f"text={'x' * 81}",
        "text=%00",
    ],
)
def test_a_wrong_question_is_refused_with_what_may_be_asked(
    client: FlaskClient, query: str
) -> None:
    answer = client.get(f"/api/v1/units?{query}")
    assert answer.status_code == 400
    assert answer.get_json()["reason"]


def test_one_unit_is_shown_whole_also_with_a_name_of_any_kind(
    make_unit: MakeUnit, client: FlaskClient
) -> None:
    make_unit("Grädina / 7").report()
    answer = client.get("/api/v1/units/Gr%C3%A4dina%20%2F%207").get_json()
    assert (answer["name"], answer["state"]) == ("Grädina / 7", "fine")
    assert "public_key" not in answer
    assert client.get("/api/v1/units/nobody").status_code == 404


def test_units_that_tell_their_place_are_on_the_map(
    engine: Engine, make_unit: MakeUnit, clock: ServerClock
) -> None:
    make_unit("hidden").report()
    make_unit("shown").report(place={"latitude_deg": 45.67, "longitude_deg": -25.1})
    with reading(engine) as connection:
        assert list_places(connection, Question(), clock()) == [["shown", 45.67, -25.1, "fine"]]


def test_a_database_that_does_not_answer_is_told_to_units_and_people(
    engine: Engine, make_unit: MakeUnit, client: FlaskClient, address: str, tmp_path: Path
) -> None:
    if not address.startswith("sqlite"):
        pytest.skip("the server of the other tests stays")
    unit = make_unit("field-7")
    engine.dispose()
    (tmp_path / "fleet.db").write_bytes(b"damaged" * 1000)
    with pytest.raises(LinkError, match="database does not answer"):
        unit.report()
    answer = client.get("/api/v1/fleet")
    assert (answer.status_code, "does not answer" in answer.get_json()["reason"]) == (503, True)
