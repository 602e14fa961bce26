"""`unitctl settings --check` warns of a battery that cannot be meant so."""

from pathlib import Path

import pytest

from appliance import settings_file
from power.audit.battery_settings import find_doubtful
from power.settings_check import check
from tests.conftest import ROOT

AGM = '[battery]\nchemistry = "agm"\ncapacity_wh = 2400\nnominal_voltage_v = 12\n'
LFP = '[battery]\nchemistry = "lfp"\nnominal_voltage_v = 12.8\n'


def list_warnings(path: Path) -> list[str]:
    found = list(find_doubtful(settings_file.load_settings(path)))
    assert all(one.is_warning for one in found)
    return [".".join(one.where) + " " + one.text for one in found]


@pytest.mark.parametrize(
    ("text", "key", "said"),
    [
        (f"{LFP}capacity_wh = 200\n", "battery.capacity_wh", "200 Ah would be 2560 Wh"),
        (f"{LFP}capacity_wh = 256000\n", "battery.capacity_wh", "in 60 days"),
        (
            f"{LFP}capacity_wh = 500\n[panels]\npeak_w = 800\n",
            "battery.capacity_wh",
            "charge it faster than its makers allow",
        ),
        (f"{LFP}resistance_ohm = 0.5\n", "battery.resistance_ohm", "(0.020 ohm)"),
        (f"{LFP}resistance_ohm = 0.001\n", "battery.resistance_ohm", "leave it out"),
        (f"{AGM}[energy]\noff_below_pct = 10\n", "energy.off_below_pct", "about 40"),
        (f"{AGM}[energy]\nsentinel_from_pct = 20\noff_below_pct = 15\n", "energy.sen", "about 60"),
        ("[energy]\nhibernate_power_w = 0.3\n", "energy.hibernate_power_w", "'suspend' draws"),
        (
            '[host]\nsleep = "stay"\n[energy]\nhibernate_power_w = 1\n',
            "energy.hibernate_power_w",
            "'stay' draws (5 W or more)",
        ),
    ],
)
def test_what_cannot_be_meant_is_a_warning(tmp_path: Path, text: str, key: str, said: str) -> None:
    path = tmp_path / "unit.toml"
    path.write_text(text)
    assert [one for one in list_warnings(path) if one.startswith(key) and said in one]


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"{LFP}capacity_wh = 1280\n[energy]\nsentinel_from_pct = 15\n",
        f"{AGM}[energy]\noff_below_pct = 35\n",
        f"{LFP}resistance_ohm = 0.02\n",
        "[energy]\nhibernate_power_w = 1.2\n",
        '[host]\nsleep = "power-off"\n[energy]\nhibernate_power_w = 0.3\n',
    ],
)
def test_a_usual_battery_and_an_owners_own_choice_are_no_warning(tmp_path: Path, text: str) -> None:
    path = tmp_path / "unit.toml"
    path.write_text(text)
    assert list_warnings(path) == []


def test_the_check_of_a_file_has_these_warnings(tmp_path: Path) -> None:
    path = tmp_path / "unit.toml"
    path.write_text(f'[charger.main]\nport = "tcp://gw"\n{LFP}capacity_wh = 200\n')
    (found,) = check(settings_file.load_settings(path))
    assert found.where == ("battery", "capacity_wh")


@pytest.mark.parametrize("name", ["trailer", "container"])
def test_the_examples_have_no_warning_of_the_battery(name: str) -> None:
    warnings = list_warnings(ROOT / f"docs/examples/{name}.toml")
    assert not [one for one in warnings if one.startswith(("battery", "energy"))]
