"""The alarm of the computer's clock, on a directory that behaves like one in /sys/class/rtc."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from appliance.process.rtc import Rtc, RtcError
from appliance.settings import SleepMode

NOW = datetime(2026, 1, 10, 16, 0, tzinfo=UTC)
MORNING = NOW + timedelta(hours=14)


class Sysfs(Rtc):
    """A kernel behind the files: busy while an alarm is set, and it may know minutes only."""

    def __init__(self, directory: Path, grain_s: int = 1, deaf: bool = False) -> None:
        super().__init__(directory)
        (directory / "wakealarm").touch()
        self.grain_s, self.deaf = grain_s, deaf

    def _write(self, text: str) -> None:
        set_now = self._alarm.read_text()
        if text == "0":
            super()._write("")
            return
        if set_now:
            raise OSError(16, "Device or resource busy")
        super()._write("" if self.deaf else f"{int(text) // self.grain_s * self.grain_s}\n")


def test_the_alarm_is_set_in_seconds_since_the_epoch(tmp_path: Path) -> None:
    rtc = Sysfs(tmp_path)
    rtc.arm(NOW, MORNING)
    assert int((tmp_path / "wakealarm").read_text()) == MORNING.timestamp()


def test_an_alarm_that_is_set_already_is_taken_back_first(tmp_path: Path) -> None:
    rtc = Sysfs(tmp_path)
    rtc.arm(NOW, NOW + timedelta(hours=3))
    rtc.arm(NOW, MORNING)
    assert int((tmp_path / "wakealarm").read_text()) == MORNING.timestamp()


def test_a_clock_that_is_wrong_by_years_still_wakes_in_time(tmp_path: Path) -> None:
    (tmp_path / "since_epoch").write_text("1000\n")
    Sysfs(tmp_path).arm(NOW, MORNING)
    assert int((tmp_path / "wakealarm").read_text()) == 1000 + 14 * 3600


def test_a_clock_that_counts_minutes_only_is_good_enough(tmp_path: Path) -> None:
    Sysfs(tmp_path, grain_s=60).arm(NOW, MORNING + timedelta(seconds=59))


def test_a_clock_that_shows_another_alarm_than_it_was_given_is_not_trusted(tmp_path: Path) -> None:
    with pytest.raises(RtcError, match=r"was given \d+ and shows \d+"):
        Sysfs(tmp_path, grain_s=3600).arm(NOW, MORNING + timedelta(minutes=20))


def test_a_clock_that_forgets_its_alarm_is_not_trusted(tmp_path: Path) -> None:
    with pytest.raises(RtcError, match="shows None"):
        Sysfs(tmp_path, deaf=True).arm(NOW, MORNING)


def test_a_clock_that_refuses_says_why(tmp_path: Path) -> None:
    (tmp_path / "wakealarm").symlink_to("/dev/full")
    with pytest.raises(RtcError, match=r"refused .* No space left on device"):
        Rtc(tmp_path).arm(NOW, MORNING)


def test_a_computer_without_such_a_clock_is_reported_what_to_set(tmp_path: Path) -> None:
    with pytest.raises(RtcError, match=r"does not exist: name a clock .* sleep = 'stay'"):
        Rtc(tmp_path / "rtc9").arm(NOW, MORNING)
    assert not (tmp_path / "rtc9").exists()


def test_a_unit_that_stays_up_already_is_not_advised_to_stay_up(tmp_path: Path) -> None:
    with pytest.raises(RtcError) as found:
        Rtc(tmp_path / "rtc9", SleepMode.STAY).check()
    assert "name a clock that can wake the computer as rtc in [host]" in str(found.value)
    assert "after OFF somebody must switch the unit on by hand" in str(found.value)
    assert "sleep" not in str(found.value)


def test_looking_whether_it_could_be_armed_changes_nothing(tmp_path: Path) -> None:
    rtc = Sysfs(tmp_path)
    rtc.arm(NOW, MORNING)
    rtc.check()
    assert int((tmp_path / "wakealarm").read_text()) == MORNING.timestamp()
