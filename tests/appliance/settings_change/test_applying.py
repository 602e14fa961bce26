"""A change is put in force whole or not at all; the old file is kept; what locks out goes back."""

import os
import signal
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from appliance.settings_change import history as kept
from appliance.settings_change.applying import Keeper
from appliance.settings_change.errors import ChangeError, Refused
from appliance.settings_change.history import CONFIRM_S, KEPT, History
from tests.appliance.settings_change.rig import Rig, make_rig
from tests.stand_ins.fakes import FakeClock

BACK = "restart appliance-settings-back.timer"
WRITING = os.O_WRONLY | os.O_RDWR
CHANGING = ("os.rename", "os.remove", "os.chmod", "os.chown", "os.mkdir", "subprocess.Popen")


@pytest.fixture
def rig(tmp_path: Path, clock: FakeClock) -> Rig:
    return make_rig(tmp_path, clock)


def test_a_change_keeps_the_old_file_and_says_who_when_and_why(rig: Rig) -> None:
    before = rig.text
    entry = rig.keeper.change(rig.want('"barn"', '"stable"'))
    assert rig.text == before.replace('"barn"', '"stable"')
    assert (entry.number, entry.who, entry.why, entry.keys) == (1, "Ada", "because", ("unit.name",))
    assert rig.keeper.history.read_text(1) == before
    found = rig.keeper.history.list_entries()
    assert found == [entry]
    assert entry.is_finished


def test_the_new_file_has_the_mode_of_the_old_one_and_the_history_is_for_root_and_the_group(
    rig: Rig,
) -> None:
    rig.path.chmod(0o604)
    rig.keeper.change(rig.want('"barn"', '"stable"'))
    assert rig.path.stat().st_mode & 0o777 == 0o604
    directory = rig.keeper.history.directory
    assert directory.stat().st_mode & 0o7777 == 0o750
    for name in ("000001.toml", "000001.json"):
        assert (directory / name).stat().st_mode & 0o777 == 0o640


def test_exactly_what_uses_the_keys_is_restarted_and_the_page_after_all_is_written(
    rig: Rig,
) -> None:
    rig.keeper.change(rig.want('"10.0.0.2"', '"10.0.0.3"'))
    assert rig.list_orders() == [
        "restart appliance-mqtt.service",
        "try-restart appliance-web.service",
    ]


def test_a_change_of_the_touchscreen_shows_it_anew_and_one_that_ends_it_starts_nothing(
    rig: Rig,
) -> None:
    rig.keeper.change(rig.want("[mqtt]", "[kiosk]\nenabled = true\n\n[mqtt]"))
    rig.keeper.change(rig.want("enabled = true", "enabled = true\nblank_after_s = 60"))
    rig.keeper.change(rig.want("enabled = true", "enabled = false"))
    shown = [one for one in rig.list_orders() if "kiosk" in one]
    again = "restart appliance-kiosk.service"
    assert shown == [again, again, f"try-{again}"]


def test_what_pid_1_refuses_is_said_and_the_change_stays(rig: Rig) -> None:
    refusing = rig.path.parent / "refusing"
    refusing.write_text("#!/bin/sh\necho no such unit >&2\nexit 1\n")
    refusing.chmod(0o755)
    text = rig.text.replace(str(rig.path.parent / "systemctl"), str(refusing))
    rig.path.write_text(text)
    entry = rig.keeper.change(rig.want('"10.0.0.2"', '"10.0.0.3"'))
    assert any("no such unit" in one and "next start" in one for one in entry.said)
    assert '"10.0.0.3"' in rig.text


def test_of_two_people_at_once_the_second_is_refused_and_loses_nothing(rig: Rig) -> None:
    first, second = rig.want('"barn"', '"stable"'), rig.want('"10.0.0.2"', '"10.0.0.9"')
    refused: list[ChangeError] = []
    barrier = threading.Barrier(2)

    def order(keeper: Keeper, wanted: object) -> None:
        barrier.wait()
        try:
            keeper.change(wanted)  # type: ignore[arg-type]
        except ChangeError as error:
            refused.append(error)

    people = [threading.Thread(target=order, args=(rig.keeper, one)) for one in (first, second)]
    for one in people:
        one.start()
    for one in people:
        one.join()
    assert [error.kind for error in refused] == [Refused.CHANGED_MEANWHILE]
    assert rig.text in (first.text, second.text)
    assert len(rig.keeper.history.list_entries()) == 1


def test_the_last_ten_are_kept(rig: Rig) -> None:
    for number in range(KEPT + 3):
        rig.keeper.change(rig.want("# the barn", f"# the barn {number}"))
        rig.path.write_text(rig.text.replace(f"# the barn {number}", "# the barn"))
    found = rig.keeper.history.list_entries()
    assert [one.number for one in found] == list(range(KEPT + 3, 3, -1))
    assert len(list(rig.keeper.history.directory.glob("*.toml"))) == KEPT


# --- a change that could lock out -----------------------------------------------------------------


def change_hosts(rig: Rig) -> int:
    wanted = rig.want("[mqtt]", '[web]\nhosts = ["barn.example"]\n\n[mqtt]', from_page=True)
    return rig.keeper.change(wanted).number


def test_what_could_lock_out_is_taken_back_unless_it_is_confirmed(rig: Rig) -> None:
    before = rig.text
    number = change_hosts(rig)
    orders = rig.list_orders()
    assert (orders[0], orders[-1]) == (BACK, "try-restart appliance-web.service")
    rig.clock.advance(CONFIRM_S - 1)
    assert rig.keeper.take_back_overdue() is None
    rig.clock.advance(2)
    back = rig.keeper.take_back_overdue()
    assert back is not None
    assert "not confirmed within 5 min" in back.why
    assert rig.text == before
    assert rig.keeper.history.find(number).confirmation == kept.TAKEN_BACK
    assert rig.keeper.take_back_overdue() is None


def test_a_confirmed_change_stays(rig: Rig) -> None:
    rig.keeper.confirm(change_hosts(rig))
    rig.clock.advance(CONFIRM_S * 2)
    assert rig.keeper.take_back_overdue() is None
    assert "barn.example" in rig.text


def test_a_reboot_before_the_confirmation_takes_it_back(rig: Rig) -> None:
    before = rig.text
    change_hosts(rig)
    rig.clock.reboot()
    assert rig.keeper.take_back_overdue() is not None
    assert rig.text == before


def test_while_a_change_waits_no_other_is_made(rig: Rig) -> None:
    number = change_hosts(rig)
    with pytest.raises(ChangeError, match="waits for its confirmation") as refused:
        rig.keeper.change(rig.want('"barn"', '"stable"'))
    assert refused.value.kind is Refused.UNCONFIRMED
    rig.keeper.take_back(number, "Ada")
    rig.keeper.change(rig.want('"barn"', '"stable"'))


def test_what_somebody_changed_by_hand_meanwhile_is_not_taken_back(rig: Rig) -> None:
    number = change_hosts(rig)
    rig.path.write_text(rig.text + "# by hand\n")
    rig.clock.advance(CONFIRM_S + 1)
    rig.keeper.take_back_overdue()
    assert rig.text.endswith("# by hand\n")
    assert rig.keeper.history.find(number).confirmation == kept.OVERTAKEN


def test_the_same_by_root_needs_no_confirmation(rig: Rig) -> None:
    rig.keeper.change(rig.want("[mqtt]", "[web]\nport = 8081\n\n[mqtt]"))
    assert rig.keeper.history.find_waiting() is None


# --- files that are none --------------------------------------------------------------------------


def test_a_symbolic_link_is_not_followed(rig: Rig) -> None:
    wanted = rig.want('"barn"', '"stable"')
    elsewhere = rig.path.with_name("elsewhere.toml")
    rig.path.rename(elsewhere)
    rig.path.symlink_to(elsewhere)
    with pytest.raises(ChangeError, match="symbolic link") as refused:
        rig.keeper.change(wanted)
    assert refused.value.kind is Refused.IMPOSSIBLE
    assert '"barn"' in elsewhere.read_text()


def test_a_pipe_is_not_waited_for(rig: Rig) -> None:
    wanted = rig.want('"barn"', '"stable"')
    rig.path.unlink()
    os.mkfifo(rig.path)
    with pytest.raises(ChangeError, match="no regular file"):
        rig.keeper.change(wanted)


def test_a_directory_that_cannot_be_written_is_said_in_words(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system")

    wanted = rig.want('"barn"', '"stable"')
    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(ChangeError, match="read-only: change it where it is made"):
        rig.keeper.change(wanted)
    assert '"barn"' in rig.text


# --- killed at every step -------------------------------------------------------------------------


def run_and_kill(do: Callable[[], object], step: int) -> bool:
    """Do it in a child that is killed before its `step`th change of a file; whether it was."""
    pid = os.fork()
    if pid == 0:
        left = [step]

        def watch(event: str, arguments: tuple[object, ...]) -> None:
            is_open = event == "open" and isinstance(arguments[2], int)
            if event in CHANGING or (is_open and int(str(arguments[2])) & WRITING):
                left[0] -= 1
                if left[0] == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(watch)
        try:
            do()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL


def check_whole(rig: Rig, old: str, new: str) -> None:
    """The file is one of both, and after the next run the history says which."""
    text = rig.text
    assert text in (old, new)
    history = History(rig.path)
    if not history.directory.is_dir():
        assert text == old
        return
    rig.keeper.take_back_overdue()  # as the oneshot at its next start
    entries = history.list_entries()
    assert [one.after for one in entries] == ([rig.version] if text == new else [])
    assert all(one.is_finished for one in entries)
    if text == new:
        assert history.read_text(1) == old
    assert rig.path.stat().st_mode & 0o777 == 0o640


def test_killed_before_any_step_the_file_is_the_old_or_the_new_one_and_the_history_agrees(
    tmp_path: Path,
) -> None:
    seen = set()
    for step in range(1, 200):
        directory = tmp_path / str(step)
        directory.mkdir()
        rig = make_rig(directory, FakeClock())
        old, wanted = rig.text, rig.want('"barn"', '"stable"')
        was_killed = run_and_kill(partial(rig.keeper.change, wanted), step)
        check_whole(rig, old, wanted.text)
        seen.add(rig.text == old)
        if not was_killed:
            break
        if rig.text == old:  # and it can be made now
            rig.keeper.change(wanted)
            assert rig.text == wanted.text
    assert seen == {True, False}
    assert step > 15


def test_killed_while_it_takes_back_it_goes_on_afterwards(tmp_path: Path) -> None:
    for step in range(1, 200):
        directory = tmp_path / str(step)
        directory.mkdir()
        rig = make_rig(directory, FakeClock())
        old = rig.text
        change_hosts(rig)
        new = rig.text
        rig.clock.advance(CONFIRM_S + 1)
        was_killed = run_and_kill(rig.keeper.take_back_overdue, step)
        assert rig.text in (old, new)
        rig.keeper.take_back_overdue()
        assert rig.text == old
        assert rig.keeper.history.find_waiting() is None
        if not was_killed:
            break
    assert step > 15
