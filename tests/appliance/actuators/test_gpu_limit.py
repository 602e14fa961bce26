"""The power limit of GPUs, on a driver that clamps, refuses and forgets like NVIDIA's."""

import fcntl
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.actuators import gpu_limit
from appliance.actuators.errors import PowerLimitError
from appliance.actuators.gpu_limit import limit_all
from appliance.actuators.oneshot import one_at_a_time
from appliance.errors import HostError
from appliance.settings import Settings
from tests.conftest import ROOT
from tests.stand_ins.fake_nvml import Card, LimitNvml


def test_every_gpu_is_limited_and_read_back() -> None:
    nvml = LimitNvml([Card(), Card()])
    assert limit_all(nvml, 112.5) == "GPU 0 keeps to 112.5 W; GPU 1 keeps to 112.5 W"
    assert [card.limit_w for card in nvml.cards] == [112.5, 112.5]


@pytest.mark.parametrize(("wanted_w", "kept_w"), [(40, 100), (400, 250)])
def test_a_limit_that_a_gpu_cannot_keep_becomes_the_nearest_that_it_can(
    wanted_w: float, kept_w: float
) -> None:
    nvml = LimitNvml([Card(limit_w=180)])
    assert limit_all(nvml, wanted_w) == (
        f"GPU 0 keeps to {kept_w} W, not {wanted_w} W: it can keep 100 to 250 W"
    )
    assert nvml.cards[0].limit_w == kept_w


def test_a_gpu_without_limits_is_reported_and_does_not_hold_up_the_others() -> None:
    nvml = LimitNvml([Card(low_w=None), Card()])
    assert limit_all(nvml, 150) == "GPU 1 keeps to 150 W; GPU 0 has no power limit"


def test_where_no_gpu_can_be_limited_that_is_a_fault() -> None:
    with pytest.raises(PowerLimitError, match="GPU 0 has no power limit"):
        limit_all(LimitNvml([Card(low_w=None)]), 150)
    with pytest.raises(PowerLimitError, match="no GPU to limit"):
        limit_all(LimitNvml(), 150)
    with pytest.raises(PowerLimitError, match=r"driver is not loaded; leave \[gpu\] out"):
        limit_all(None, 150)


def test_without_permission_nothing_changes_and_the_words_say_what_to_do() -> None:
    nvml = LimitNvml([Card()], root=False)
    with pytest.raises(PowerLimitError, match=r"only the administrator .* appliance-gpu-limit@"):
        limit_all(nvml, 150)
    assert nvml.cards[0].limit_w == 250


def test_a_lost_gpu_is_reported_and_the_others_are_limited() -> None:
    nvml = LimitNvml([Card(lost=True), Card()])
    with pytest.raises(PowerLimitError, match=r"GPU 0 could not be limited: NVML error 15; GPU 1"):
        limit_all(nvml, 150)
    assert nvml.cards[1].limit_w == 150


def test_a_gpu_that_keeps_another_limit_than_it_took_is_reported() -> None:
    nvml = LimitNvml([Card(stubborn=True)])
    with pytest.raises(PowerLimitError, match="was limited to 150 W and reads 250 W"):
        limit_all(nvml, 150)


def test_a_driver_that_hangs_is_reported() -> None:
    with pytest.raises(PowerLimitError, match="does not list its GPUs"):
        limit_all(LimitNvml([Card()], hung=True), 150)


def test_a_limit_that_holds_already_is_not_set_again() -> None:
    nvml = LimitNvml([Card(limit_w=150)])
    limit_all(nvml, 150)
    assert nvml.set_mw == []


def test_a_reloaded_driver_has_forgotten_the_limit_and_takes_it_again() -> None:
    nvml = LimitNvml([Card()])
    limit_all(nvml, 150)
    nvml.reload()
    assert nvml.cards[0].limit_w == 250
    limit_all(nvml, 150)
    assert nvml.cards[0].limit_w == 150
    assert nvml.set_mw == [150_000, 150_000]


@pytest.mark.parametrize(("persistent", "reported"), [(True, False), (False, True), (None, False)])
def test_a_driver_that_forgets_as_soon_as_nobody_uses_the_gpu_is_reported(
    persistent: bool | None, reported: bool
) -> None:
    message = limit_all(LimitNvml([Card(persistent=persistent)]), 150)
    assert ("enable nvidia-persistenced" in message) is reported


# --- as a program -------------------------------------------------------------------------------


def run(words: list[str], settings: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "appliance.actuators.gpu_limit", *words, "--settings", settings],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.skipif(Path("/sys/module/nvidia").exists(), reason="here is a driver")
def test_on_a_computer_without_a_gpu_the_program_fails_in_words(tmp_path: Path) -> None:
    settings = tmp_path / "unit.toml"
    settings.write_text(f'[unit]\ndata_dir = "{tmp_path}"\nrun_dir = "{tmp_path}"\n')
    done = run(["150"], settings)
    assert done.returncode == 1
    assert "there is no NVIDIA GPU to limit" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("watts", ["0", "-5", "nan", "inf", "much"])
def test_what_is_no_power_is_refused(watts: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        gpu_limit.main([watts] if watts[0] != "-" else ["--", watts])
    assert left.value.code == 2
    assert watts in capsys.readouterr().err


def test_two_limits_at_once_wait_for_each_other(settings: Settings) -> None:
    settings.unit.run_dir.mkdir(parents=True)
    entered = threading.Event()

    def second() -> None:
        with one_at_a_time(settings, "gpu-limit"):
            entered.set()

    thread = threading.Thread(target=second)
    with one_at_a_time(settings, "gpu-limit"):
        with (
            (settings.unit.run_dir / "gpu-limit.lock").open() as other,
            pytest.raises(BlockingIOError),
        ):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        thread.start()
        assert not entered.wait(0.05)
    thread.join(5)
    assert entered.is_set()


def test_a_missing_run_directory_is_reported(settings: Settings, tmp_path: Path) -> None:
    gone = replace(settings, unit=replace(settings.unit, run_dir=tmp_path / "gone"))
    with pytest.raises(HostError, match="systemd-tmpfiles --create"), one_at_a_time(gone, "x"):
        pass
