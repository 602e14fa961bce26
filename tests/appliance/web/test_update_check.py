"""A technician at the page has the mirrors asked now."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from werkzeug.exceptions import ServiceUnavailable, TooManyRequests

from appliance.process.host import Order
from appliance.process.update_ask import NAME, leave_ask, was_asked_since
from appliance.settings import Settings
from appliance.web.app import create_app
from appliance.web.update_check import PAUSE_S, UNIT, CheckOrders
from tests.conftest import OpenStore
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.orders import FakeOrder
from tests.stand_ins.technician import enter_pin


def test_what_was_asked_is_obeyed_once_and_for_an_hour(tmp_path: Path, clock: FakeClock) -> None:
    now = clock.stamp().utc
    assert not was_asked_since(tmp_path, None, now)
    leave_ask(tmp_path, now)
    assert was_asked_since(tmp_path, None, now)
    assert was_asked_since(tmp_path, now - timedelta(minutes=5), now)
    assert not was_asked_since(tmp_path, now + timedelta(seconds=1), now + timedelta(seconds=2))
    assert not was_asked_since(tmp_path, None, now + timedelta(hours=2))
    assert not was_asked_since(tmp_path, None, now - timedelta(days=1)), "from the future"


@pytest.mark.parametrize("text", ["", "yesterday", "2026-04-15T02:00:00", "\x00" * 100])
def test_a_damaged_file_asks_nothing(tmp_path: Path, clock: FakeClock, text: str) -> None:
    (tmp_path / NAME).write_text(text)
    assert not was_asked_since(tmp_path, None, clock.stamp().utc)


def test_pid_1_is_asked_for_a_check_in_once_in_a_minute() -> None:
    asked: list[str] = []
    now = [0.0]

    def start(unit: str) -> Order:
        asked.append(unit)
        return FakeOrder("start")

    orders = CheckOrders(start, lambda: now[0])
    orders.order()
    with pytest.raises(TooManyRequests, match="again in 60 s"):
        orders.order()
    now[0] = PAUSE_S + 1
    orders.order()
    assert asked == [UNIT, UNIT]


def test_an_order_that_pid_1_refuses_is_told_and_may_be_given_again() -> None:
    answers = [FakeOrder("start", refused=True), FakeOrder("start")]
    orders = CheckOrders(lambda _: answers.pop(0), lambda: 0.0)
    with pytest.raises(ServiceUnavailable, match="PID 1 refused the order"):
        orders.order()
    orders.order()


def test_nobody_asks_without_a_login(
    settings: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    open_store("power")
    with_mirror = replace(settings, update=replace(settings.update, mirrors=("https://m.test",)))
    client = create_app(with_mirror, clock).test_client()
    answer = client.post("/api/updates/check", json={})
    assert answer.status_code in (401, 403)
    assert not (settings.unit.run_dir / NAME).exists()


def test_what_pid_1_refuses_is_not_done_later_either(
    settings: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    open_store("power")
    update = replace(settings.update, mirrors=("https://m.test",))
    deaf = replace(settings, update=update, host=replace(settings.host, systemctl="/bin/false"))
    answer = enter_pin(create_app(deaf, clock), deaf).post("/api/updates/check", json={})
    assert answer.status_code == 503
    assert not (settings.unit.run_dir / NAME).exists()
