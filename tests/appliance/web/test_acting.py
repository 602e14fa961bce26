"""Acting needs a person: who may, by which page, and what is recorded."""

from dataclasses import replace

import pytest
from flask import Flask
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest

from appliance.access.acts import Act, list_acts
from appliance.access.roles import Origin, Role
from appliance.access.tokens import add_token
from appliance.sections.network import WebSettings
from appliance.settings import Settings
from appliance.web.acting import Outcome, acts, person, record_act
from appliance.web.app import create_app
from appliance.wording.sentence import say
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.technician import Visitor, enter_pin, log_in, open_access

done: list[str] = []


def make_app(settings: Settings, clock: FakeClock) -> Flask:
    settings.unit.data_dir.mkdir(parents=True, exist_ok=True)
    app = create_app(settings, clock)
    done.clear()

    @app.post("/api/doors/<door>")
    @acts(Role.TECHNICIAN)
    def open_door(door: str) -> ResponseReturnValue:
        if door == "described":
            record_act(person(), "door opened", "the shed", {"for_s": 5})
        if door == "missing":
            record_act(person(), "door opened", door, outcome=Outcome.FAILED)
        if door == "broken":
            raise ZeroDivisionError
        if door == "unknown":
            raise BadRequest(say("there is no field {name}", name="zz"))
        done.append(door)
        return {"open": door}

    return app


@pytest.fixture
def app(settings: Settings, clock: FakeClock) -> Flask:
    return make_app(settings, clock)


def last_act(app: Flask) -> Act:
    return list_acts(open_access(app), 1)[0]


def test_without_a_pin_or_an_account_nobody_acts_and_the_command_is_told(app: Flask) -> None:
    answer = Visitor(app).post("/api/doors/shed")
    assert answer.status_code == 403
    assert "sudo unitctl access pin set" in answer.get_json()["reason"]
    assert done == []


def test_a_technician_at_the_touchscreen_acts(app: Flask, settings: Settings) -> None:
    assert enter_pin(app, settings).post("/api/doors/shed").get_json() == {"open": "shed"}
    act = last_act(app)
    assert (act.name, act.origin, act.outcome) == ("touchscreen", "touchscreen", "done")
    assert (act.what, act.target) == ("POST /api/doors/DOOR", "shed")


def test_a_technician_over_tls_acts_and_his_address_is_recorded(
    app: Flask, settings: Settings
) -> None:
    assert log_in(app, settings).post("/api/doors/shed").status_code == 200
    act = last_act(app)
    assert (act.name, act.origin, act.source) == ("anna", "network", "10.0.0.7")


def test_a_viewer_is_refused_and_that_is_recorded(app: Flask, settings: Settings) -> None:
    answer = log_in(app, settings, Role.VIEWER, "otto").post("/api/doors/shed")
    assert answer.status_code == 403
    assert "otto may look, not act" in answer.get_json()["reason"]
    assert (last_act(app).name, last_act(app).outcome) == ("otto", "refused")
    assert done == []


def test_somebody_unknown_gets_401_with_a_sentence(app: Flask, settings: Settings) -> None:
    enter_pin(app, settings)
    answer = Visitor(app).post("/api/doors/shed")
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert "enter the PIN" in answer.get_json()["reason"]


@pytest.mark.parametrize("token", ["", "0" * 64, "x" * 5000, "\u00e9"])
def test_an_order_without_the_token_of_its_page_is_refused(
    app: Flask, settings: Settings, token: str
) -> None:
    technician = enter_pin(app, settings)
    answer = technician.post_bare("/api/doors/shed", headers={"X-CSRF-Token": token})
    assert answer.status_code == 403
    assert "load it again" in answer.get_json()["reason"]
    assert done == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "http://localhost.evil.example"},
        {"Origin": "https://localhost"},
        {"Origin": "http://localhost:81"},
        {"Origin": "null"},
        {"Origin": "http://[::1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "null"},
    ],
)
def test_an_order_that_another_site_sends_is_refused(
    app: Flask, settings: Settings, headers: dict[str, str]
) -> None:
    answer = enter_pin(app, settings).post("/api/doors/shed", headers=headers)
    assert answer.status_code == 403
    assert "another site" in answer.get_json()["reason"]
    assert done == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://localhost"},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
    ],
)
def test_the_page_itself_is_known_by_its_headers(
    app: Flask, settings: Settings, headers: dict[str, str]
) -> None:
    assert enter_pin(app, settings).post("/api/doors/shed", headers=headers).status_code == 200


def test_a_token_of_a_script_needs_no_page(app: Flask) -> None:
    token = add_token(open_access(app), "ha", Role.TECHNICIAN)
    script = Visitor(app, Origin.NETWORK, "10.0.0.9")
    bearer = {"Authorization": f"Bearer {token}"}
    assert script.post_bare("/api/doors/shed", headers=bearer).status_code == 200
    assert last_act(app).name == "token ha"


@pytest.mark.parametrize("token", ["", "unit_nothing", "x" * 5000, "\u00e9", "a b"])
def test_a_wrong_token_is_refused_even_where_looking_is_open(app: Flask, token: str) -> None:
    answer = Visitor(app).get("/api/person", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401


def test_a_token_without_tls_is_refused_as_one_that_others_have_read(
    settings: Settings, clock: FakeClock
) -> None:
    app = make_app(replace(settings, web=WebSettings(plain_viewing=True)), clock)
    token = add_token(open_access(app), "ha", Role.TECHNICIAN)
    script = Visitor(app, Origin.PLAIN, "10.0.0.9")
    answer = script.get("/api/person", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 403
    assert "came without TLS" in answer.get_json()["reason"]


def test_nobody_acts_without_tls_from_another_machine(settings: Settings, clock: FakeClock) -> None:
    app = make_app(replace(settings, web=WebSettings(plain_viewing=True)), clock)
    inside = enter_pin(app, settings)
    cookie = inside.client.get_cookie("unit-session")
    assert cookie is not None
    outside = Visitor(app, Origin.PLAIN, "10.0.0.9")
    outside.client.set_cookie("unit-session", cookie.value)
    token = {"X-CSRF-Token": inside.find_token()}
    answer = outside.post_bare("/api/doors/shed", headers=token)
    assert answer.status_code == 403
    assert done == []


def test_a_session_of_the_touchscreen_is_none_in_the_network(
    app: Flask, settings: Settings
) -> None:
    inside = enter_pin(app, settings)
    cookie = inside.client.get_cookie("unit-session")
    assert cookie is not None
    outside = Visitor(app, Origin.NETWORK, "10.0.0.9")
    for name in ("unit-session", "__Host-unit-session"):
        outside.client.set_cookie(name, cookie.value, secure=True)
    token = {"X-CSRF-Token": inside.find_token()}
    assert outside.post_bare("/api/doors/shed", headers=token).status_code == 401


def test_what_is_done_can_be_described(app: Flask, settings: Settings) -> None:
    enter_pin(app, settings).post("/api/doors/described")
    act = last_act(app)
    assert (act.what, act.target, act.detail) == ("door opened", "the shed", '{"for_s": 5}')
    assert act.outcome == "done"


def test_an_act_that_fails_is_recorded_as_failed(app: Flask, settings: Settings) -> None:
    technician = enter_pin(app, settings)
    technician.post("/api/doors/missing")
    assert last_act(app).outcome == "failed"
    technician.post("/api/doors/broken")
    assert (last_act(app).target, last_act(app).outcome) == ("broken", "failed")


def test_two_people_act_at_once_and_both_are_recorded(app: Flask, settings: Settings) -> None:
    inside, outside = enter_pin(app, settings), log_in(app, settings)
    inside.post("/api/doors/shed")
    outside.post("/api/doors/gate")
    found = [(act.name, act.target) for act in list_acts(open_access(app), 2)]
    assert found == [("anna", "gate"), ("touchscreen", "shed")]


def test_a_long_body_is_refused_before_anything_else(app: Flask, settings: Settings) -> None:
    technician = enter_pin(app, settings)
    assert technician.post("/api/doors/shed", data=b"x" * 4097).status_code == 413
    assert done == []


def test_every_address_that_takes_orders_asks_who_orders(app: Flask) -> None:
    by_themselves = {"take_login", "take_pin", "take_setup", "log_out", "acknowledge"}
    posts = {rule.endpoint for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())}
    open_ones = {name for name in posts if not hasattr(app.view_functions[name], "role")}
    assert open_ones == by_themselves


def test_why_an_act_is_refused_is_recorded_in_english(app: Flask, settings: Settings) -> None:
    answer = enter_pin(app, settings).post("/api/doors/unknown?lang=ro")
    assert answer.status_code == 400
    act = last_act(app)
    assert (act.what, act.target, act.outcome) == ("POST /api/doors/DOOR", "unknown", "refused")
    assert act.detail == '{"reason": "there is no field zz"}'


class WrongError(Exception):
    """What a view raises that the application answers by a handler of its own."""


@pytest.mark.parametrize(("code", "outcome"), [(422, Outcome.REFUSED), (503, Outcome.FAILED)])
def test_what_a_handler_answers_is_recorded_by_its_answer(
    settings: Settings, code: int, outcome: Outcome
) -> None:
    app = create_app(settings, FakeClock())
    app.register_error_handler(WrongError, lambda _error: ({"reason": "wrong"}, code))

    @app.post("/gate")
    @acts(Role.TECHNICIAN)
    def shut() -> str:
        raise WrongError

    answer = enter_pin(app, settings).post("/gate")
    assert (answer.status_code, answer.get_json()) == (code, {"reason": "wrong"})
    assert list_acts(open_access(app), 1)[0].outcome == outcome.value
