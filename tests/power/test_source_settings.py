"""Settings of second sources and heaters that cannot be meant so, or that nothing could stop."""

from pathlib import Path

import pytest

from appliance import settings_file
from appliance.errors import SettingsError
from power.settings_check import check

SOURCE = '[switch.relay]\npath = "/sys/a"\n[source.main]\nswitch = "relay"\n'
HEATER = '[switch.heat]\npath = "/sys/a"\nruns_when = "frost"\nidle_w = '
RADIO = '[switch.relay]\nkind = "wake-on-lan"\nmac = "00:11:22:33:44:55"\n'


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "unit.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{SOURCE}power_w = 0\n", "power_w must be from 1"),
        (f"{SOURCE}start_below_pct = 80\nstop_above_pct = 50\n", "below stop_above_pct"),
        (f'{SOURCE}[source.other]\nswitch = "relay"\n', "each needs its own"),
        ('[source.main]\nswitch = "relay"\n', "names no switch"),
        (f'{RADIO}[source.main]\nswitch = "relay"\n', "must stop it too"),
        (f"{SOURCE}most_run_s = 60\nleast_run_s = 0\nwarm_up_s = 60\n", "above warm_up_s (60)"),
        (f"{SOURCE}least_run_s = 900\nmost_run_s = 600\n", "at most most_run_s (600)"),
        (f"{SOURCE}tank_kwh = 4\nkept_kwh = 4\n", "less than the tank holds (4 kWh)"),
        (f"{SOURCE}tank_kwh = 4\ntank_l = 4\n", "give one of the two"),
        (f"{HEATER}0\n", "must be the heater's power"),
    ],
)
def test_what_could_never_work_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SettingsError) as refused:
        settings_file.load_settings(write(tmp_path, text))
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{HEATER}2500\n", "195 A from a battery of 2560 Wh"),
        (f"{SOURCE}power_w = 5000\n", "not what the engine can"),
    ],
)
def test_what_is_too_large_for_the_battery_is_a_warning(
    tmp_path: Path, text: str, said: str
) -> None:
    """Under a heater as large as the battery a sound battery looked empty, and the unit powered off
    at 82 %.
    """
    settings = settings_file.load_settings(write(tmp_path, text))
    assert any(one.is_warning and said in one.text for one in check(settings))


def test_a_usual_heater_and_generator_are_no_warning(tmp_path: Path) -> None:
    settings = settings_file.load_settings(write(tmp_path, f"{SOURCE}power_w = 600\n{HEATER}60\n"))
    texts = [one.text for one in check(settings)]
    assert not any("engine" in text or "heater" in text for text in texts)
