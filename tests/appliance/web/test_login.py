"""The login and the PIN: what a stranger may see, and what a hostile request gets."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from flask import Flask

from appliance.access.acts import list_acts
from appliance.access.roles import Origin, Role
from appliance.access.tokens import add_token
from appliance.clock import ScaledClock
from appliance.sections.network import WebSettings
from appliance.settings import Settings
from appliance.web.acting import acts
from appliance.web.app import create_app
from tests.conftest import OpenStore
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.technician import PASSWORD, PIN, Visitor, enter_pin, log_in, open_access

HERE = "10.0.0.7"


@pytest.fixture
def app(settings: Settings, clock: FakeClock, open_store: OpenStore) -> Flask:
    open_store()
    return create_app(settings, clock)


def outside(app: Flask, address: str = HERE) -> Visitor:
    return Visitor(app, Origin.NETWORK, address)


# --- who may look ---------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/api/status", "/api/events", "/metrics", "/picture.jpg"])
def test_at_the_touchscreen_everybody_may_look(app: Flask, path: str) -> None:
    assert Visitor(app).get(path).status_code in (200, 503)


@pytest.mark.parametrize("path", ["/", "/events", "/nothing", "/pins", "/alarms", "/login/x"])
def test_from_the_network_a_page_leads_to_the_login(app: Flask, path: str) -> None:
    answer = outside(app).get(path)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/login?next={path}")


@pytest.mark.parametrize("path", ["/api/status", "/metrics", "/camera/demo/x", "/picture.jpg"])
def test_from_the_network_data_needs_a_login_or_a_token(app: Flask, path: str) -> None:
    answer = outside(app).get(path)
    assert answer.status_code == 401
    assert "unitctl access token add" in answer.get_json()["reason"]
    token = add_token(open_access(app), "ha", Role.VIEWER)
    bearer = {"Authorization": f"Bearer {token}"}
    assert outside(app).get(path, headers=bearer).status_code in (200, 404, 503)


@pytest.mark.parametrize("path", ["/login", "/static/shell.js", "/healthz"])
def test_a_stranger_sees_the_login_and_nothing_of_the_unit(app: Flask, path: str) -> None:
    answer = outside(app).get(path)
    assert answer.status_code == 200
    assert "state_of_charge" not in answer.text


def test_where_the_owner_has_opened_it_everybody_may_look_over_tls(
    settings: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    open_store()
    app = create_app(replace(settings, web=WebSettings(open_viewing=True)), clock)
    assert outside(app).get("/api/status").status_code == 200
    assert outside(app).post("/api/cameras/demo/off").status_code == 403


def test_without_tls_from_another_machine_nothing_is_shown_and_the_way_is_told(app: Flask) -> None:
    there = Visitor(app, Origin.PLAIN, HERE)
    for path in ("/", "/login", "/api/status"):
        answer = there.get(path)
        assert answer.status_code == 403
        assert "https://" in answer.text
    for path, words in (("/login", {"name": "anna"}), ("/pin", {"pin": PIN})):
        assert there.post_bare(path, data=words).status_code == 403


def test_a_link_in_a_mail_finds_the_login_that_the_browser_kept_back(
    app: Flask, settings: Settings
) -> None:
    anna = log_in(app, settings)
    by_mail = {"Sec-Fetch-Site": "cross-site"}
    answer = outside(app).get("/events?limit=3", headers=by_mail)
    assert answer.headers["Refresh"] == "0; url=/events?limit=3"
    assert anna.get("/", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 200


# --- logging in -----------------------------------------------------------------------------------


def test_the_cookie_is_for_the_page_alone(app: Flask, settings: Settings) -> None:
    set_at_touchscreen = enter_pin(app, settings).enter().headers["Set-Cookie"]
    assert set_at_touchscreen.startswith("unit-session=")
    assert "Secure" not in set_at_touchscreen
    over_tls = log_in(app, settings).log_in().headers["Set-Cookie"]
    assert over_tls.startswith("__Host-unit-session=")
    assert "; Secure" in over_tls
    assert "Domain" not in over_tls
    for cookie in (set_at_touchscreen, over_tls):
        assert "; HttpOnly" in cookie
        assert "; Path=/" in cookie
        assert "; SameSite=Strict" in cookie


def test_an_id_that_somebody_has_planted_is_no_session_after_the_login(
    app: Flask, settings: Settings
) -> None:
    technician = enter_pin(app, settings)
    victim = Visitor(app)
    victim.client.set_cookie("unit-session", "planted-by-somebody")
    victim.enter()
    cookie = victim.client.get_cookie("unit-session")
    assert cookie is not None
    assert cookie.value != "planted-by-somebody"
    attacker = Visitor(app)
    attacker.client.set_cookie("unit-session", "planted-by-somebody")
    assert attacker.post("/api/cameras/demo/off").status_code == 401
    assert technician.post("/api/cameras/demo/off").status_code == 200


def test_a_new_login_ends_the_session_before_it(app: Flask, settings: Settings) -> None:
    technician = enter_pin(app, settings)
    before = technician.client.get_cookie("unit-session")
    assert before is not None
    technician.enter()
    old = Visitor(app)
    old.client.set_cookie("unit-session", before.value)
    assert old.find_token() == ""


@pytest.mark.parametrize(
    "place",
    [
        "//evil.example",
        "/\\evil.example",
        "/%5cevil.example",
        "/%2f/evil.example",
        "https://evil.example",
        "javascript:alert(1)",
        "evil.example",
        "/a\r\nSet-Cookie: x=1",
        "/a%0d%0aSet-Cookie: x=1",
        "/" + "x" * 3000,
        "/login",
        "/logout",
        "\0",
        "",
    ],
)
def test_no_login_leads_to_another_site(app: Flask, settings: Settings, place: str) -> None:
    answer = enter_pin(app, settings).enter(next=place)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert "evil" not in Visitor(app).get("/pin", query_string={"next": place}).text


@pytest.mark.parametrize("place", ["/events?limit=3&camera=a%20b", "/energy", "/?lang=ro"])
def test_a_login_leads_back_to_where_it_was_needed(
    app: Flask, settings: Settings, place: str
) -> None:
    answer = enter_pin(app, settings).enter(next=place)
    assert answer.headers["Location"] == place


@pytest.mark.parametrize("path", ["/login", "/pin"])
@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://evil.example"}]
)
def test_another_site_logs_nobody_in(
    app: Flask, settings: Settings, path: str, headers: dict[str, str]
) -> None:
    enter_pin(app, settings)
    answer = Visitor(app).post_bare(path, data={"pin": PIN}, headers=headers)
    assert answer.status_code == 403
    assert "Set-Cookie" not in answer.headers


def test_a_password_of_a_megabyte_is_refused_unread(app: Flask, settings: Settings) -> None:
    log_in(app, settings)
    assert outside(app).log_in(password="x" * 1_000_000).status_code == 413


@pytest.mark.parametrize(
    "name", ["", "\0", "a\0b", "<script>alert(1)</script>", "\u202e", "x" * 300]
)
def test_a_hostile_name_is_wrong_and_shown_as_text(
    app: Flask, settings: Settings, name: str
) -> None:
    log_in(app, settings)
    answer = outside(app, "10.0.0.8").log_in(name, "wrong")
    assert answer.status_code == 401
    assert "<script>alert" not in answer.text


def test_unknown_and_known_names_get_one_answer(app: Flask, settings: Settings) -> None:
    log_in(app, settings)
    known = outside(app, "10.0.1.1").log_in("anna", "wrong")
    unknown = outside(app, "10.0.1.2").log_in("bert", "wrong")
    assert known.status_code == unknown.status_code == 401
    assert known.text.replace("anna", "bert") == unknown.text


def test_what_was_typed_as_a_name_is_not_kept_unless_it_is_one(
    app: Flask, settings: Settings
) -> None:
    log_in(app, settings)
    outside(app).log_in(PASSWORD, "")
    act = list_acts(open_access(app), 1)[0]
    assert (act.what, act.target, act.outcome) == ("log in", "", "refused")
    outside(app).log_in("anna", "wrong")
    assert list_acts(open_access(app), 1)[0].target == "anna"


def test_the_tenth_wrong_pin_tells_how_long_and_what_to_do(
    app: Flask, settings: Settings, clock: FakeClock
) -> None:
    enter_pin(app, settings)
    visitor = Visitor(app)
    for _ in range(10):
        answer = visitor.enter("000000")
    assert answer.status_code == 429
    assert "The next one is taken in 30 seconds" in answer.text
    assert "sudo unitctl access unlock" in answer.text
    assert answer.headers["Retry-After"] == "30"
    assert visitor.enter().status_code == 429


def test_the_wait_holds_over_the_end_of_the_page_and_a_reboot(
    app: Flask, settings: Settings, clock: FakeClock
) -> None:
    enter_pin(app, settings)
    for _ in range(5):
        Visitor(app).enter("000000")
    clock.reboot()
    clock.set_wall_clock(datetime(1970, 1, 1, tzinfo=UTC))
    anew = create_app(settings, clock)
    assert Visitor(anew).enter().status_code == 429
    clock.advance(31)
    assert Visitor(anew).enter().status_code == 303


def test_the_pin_is_for_the_touchscreen(app: Flask, settings: Settings) -> None:
    enter_pin(app, settings)
    assert outside(app).get("/pin").headers["Location"] == "/login?next=/"
    assert outside(app).enter().status_code == 403


def test_the_login_at_the_touchscreen_asks_for_the_pin_where_one_is_set(
    app: Flask, settings: Settings
) -> None:
    assert "sudo unitctl access account add" not in Visitor(app).get("/login").text
    enter_pin(app, settings)
    answer = Visitor(app).get("/login?next=/energy")
    assert answer.headers["Location"] == "/pin?next=/energy"
    assert Visitor(app).get("/login?name&next=/energy").status_code == 200


def test_without_any_secret_the_pages_tell_the_command(app: Flask) -> None:
    assert "sudo unitctl access pin set" in Visitor(app).get("/pin").text
    assert "sudo unitctl access account add NAME" in outside(app).get("/login").text
    assert 'name="password"' not in outside(app).get("/login").text


def test_who_logs_out_is_out_everywhere(app: Flask, settings: Settings) -> None:
    technician = enter_pin(app, settings)
    cookie = technician.client.get_cookie("unit-session")
    assert cookie is not None
    assert technician.post_bare("/logout").status_code == 403
    assert technician.post("/logout").headers["Location"] == "/"
    kept = Visitor(app)
    kept.client.set_cookie("unit-session", cookie.value)
    assert kept.find_token() == ""


def test_who_logs_out_while_the_logins_cannot_be_written_is_out_in_this_browser(
    app: Flask, settings: Settings
) -> None:
    technician = enter_pin(app, settings)
    open_access(app).path.chmod(0o644)
    answer = technician.post("/logout")
    assert answer.status_code == 503
    assert "nobody can log in" in answer.text
    assert technician.client.get_cookie("unit-session") is None


def test_a_page_left_open_for_a_week_gets_a_sentence_and_the_way_to_the_login(
    app: Flask, settings: Settings, clock: FakeClock
) -> None:
    anna = log_in(app, settings)
    token = anna.find_token()
    clock.advance(7 * 86_400)
    script = anna.post_bare(
        "/api/cameras/demo/off", headers={"X-CSRF-Token": token}, json={"for": "2h"}
    )
    assert script.status_code == 401
    assert "log in first, or again" in script.get_json()["reason"]
    page = anna.post_bare("/logout", data={"csrf_token": token})
    assert page.status_code == 303  # to be out is what was asked for
    assert list_acts(open_access(app), 1)[0].outcome == "refused"


def test_a_form_of_a_page_left_open_keeps_what_was_typed(app: Flask, settings: Settings) -> None:
    app.post("/form")(acts(Role.TECHNICIAN)(lambda: "done"))
    enter_pin(app, settings)
    answer = Visitor(app).post_bare("/form", data={"words": "typed"})
    assert answer.status_code == 401
    assert 'href="/login" target="_blank"' in answer.text
    assert "Then load this page again" in answer.text


def test_people_are_as_slow_in_a_demonstration_that_runs_fast(settings: Settings) -> None:
    settings.unit.data_dir.mkdir(parents=True)
    fast = ScaledClock(3600.0, datetime(2026, 4, 15, tzinfo=UTC), 0.0)
    app = create_app(settings, fast)
    technician = enter_pin(app, settings)
    assert technician.find_token()


def test_a_damaged_file_of_logins_shows_the_touchscreen_and_lets_nobody_act(
    app: Flask, settings: Settings
) -> None:
    technician = enter_pin(app, settings)
    settings.access_file.write_bytes(b"x" * 9000)
    assert technician.get("/api/status").status_code == 200
    order = technician.post_bare("/api/cameras/demo/off")
    assert order.status_code == 503
    assert "sudo unitctl access mend" in order.get_json()["reason"]
    for path in ("/pin", "/login"):
        answer = technician.get(path)
        assert answer.status_code == 503
        assert "sudo unitctl access mend" in answer.text
    anna = outside(app)
    anna.client.set_cookie("__Host-unit-session", "x", secure=True)
    assert anna.get("/api/status").status_code == 503


def test_where_no_act_can_be_recorded_nothing_is_done(
    app: Flask, settings: Settings, open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    from appliance.access.database import AccessError
    from appliance.model_cameras import CameraHold

    def refuse(*_: object, **__: object) -> int:
        raise AccessError("there is no space left")

    technician = enter_pin(app, settings)
    monkeypatch.setattr("appliance.web.acting.recording.begin_act", refuse)
    answer = technician.post("/api/cameras/demo/off")
    assert (answer.status_code, answer.get_json()["reason"]) == (503, "there is no space left")
    assert open_store().rows(CameraHold) == []
