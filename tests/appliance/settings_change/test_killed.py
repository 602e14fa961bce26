"""What is killed between the new file and the orders is gone on with: the services learn of it, and
what must be confirmed is taken back.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from appliance.log import SentenceLog
from appliance.settings_change import __main__ as oneshot
from appliance.settings_change import history as kept
from appliance.settings_change.history import AFTER_POWER_CUT, CONFIRM_S, Entry
from tests.appliance.settings_change.rig import Rig, make_rig
from tests.appliance.settings_change.test_applying import BACK, change_hosts, run_and_kill
from tests.stand_ins.fakes import FakeClock

PAGE = "try-restart appliance-web.service"
Check = Callable[[Rig], None]


def kill_at_each_step(tmp_path: Path, begin: Callable[[Rig], Callable[[], object]]) -> list[Rig]:
    """A unit for each step at which it was killed while the file was the new one and its end was
    not yet said.
    """
    found = []
    for step in range(1, 200):
        directory = tmp_path / str(step)
        directory.mkdir()
        rig = make_rig(directory, FakeClock())
        was_killed = run_and_kill(begin(rig), step)
        if not was_killed:
            break
        entries = rig.keeper.history.list_entries()
        if entries and entries[0].after == rig.version and not entries[0].is_finished:
            found.append(rig)
    assert found
    return found


def begin_change(rig: Rig) -> Callable[[], object]:
    wanted = rig.want('"10.0.0.2"', '"10.0.0.3"')
    return partial(rig.keeper.change, replace(wanted, proposal="f" * 32))


def find_newest(rig: Rig) -> Entry:
    return rig.keeper.history.list_entries()[0]


def test_the_services_learn_of_a_change_that_was_killed(tmp_path: Path) -> None:
    for rig in kill_at_each_step(tmp_path, begin_change):
        rig.log.unlink(missing_ok=True)
        rig.keeper.take_back_overdue()  # whatever comes next
        assert rig.list_orders() == ["restart appliance-mqtt.service", PAGE]
        said = find_newest(rig).said
        assert "the MQTT service is restarted" in said
        assert AFTER_POWER_CUT not in said
        result = rig.keeper.history.read_result("f" * 32)
        assert result is not None
        assert result["said"] == list(said)


def test_after_a_boot_they_have_learned_of_it(tmp_path: Path) -> None:
    for rig in kill_at_each_step(tmp_path, begin_change):
        rig.log.unlink(missing_ok=True)
        rig.clock.reboot()
        rig.keeper.take_back_overdue()
        assert rig.list_orders() == []
        assert find_newest(rig).said == (AFTER_POWER_CUT,)


def test_what_could_lock_out_is_taken_back_also_where_it_was_killed(tmp_path: Path) -> None:
    for rig in kill_at_each_step(tmp_path, lambda rig: partial(change_hosts, rig)):
        assert rig.list_orders()[0] == BACK  # PID 1 comes again, whoever was killed
        rig.clock.advance(CONFIRM_S + 1)
        rig.keeper.take_back_overdue()
        assert "barn.example" not in rig.text


def test_what_is_killed_while_it_is_taken_back_is_said_to_be_taken_back(tmp_path: Path) -> None:
    def begin(rig: Rig) -> Callable[[], object]:
        change_hosts(rig)
        rig.clock.advance(CONFIRM_S + 1)
        return rig.keeper.take_back_overdue

    for rig in kill_at_each_step(tmp_path, begin):
        rig.log.unlink(missing_ok=True)
        rig.keeper.take_back_overdue()
        assert rig.list_orders()[-1] == PAGE
        assert rig.keeper.history.find(1).confirmation == kept.TAKEN_BACK


def test_a_damaged_history_keeps_nobody_from_confirming(tmp_path: Path) -> None:
    rig = make_rig(tmp_path, FakeClock())
    number = change_hosts(rig)
    (rig.keeper.history.directory / f"{number:06}.toml").unlink()
    rig.clock.advance(CONFIRM_S + 1)
    oneshot.run(rig.path, rig.clock, SentenceLog("test"))
    rig.keeper.confirm(number)
    assert rig.keeper.history.find_waiting() is None
