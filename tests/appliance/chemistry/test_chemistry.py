"""Chemistries: each figure has a source and its order; the number of cells is never guessed."""

import pickle
from dataclasses import fields, replace
from pathlib import Path

import pytest

from appliance import settings_file
from appliance.chemistry import count_cells, find_resistance_ohm, get_profile, page
from appliance.chemistry.battery import PROFILES, find_cell_count_error
from appliance.chemistry.profile import ChemistryProfile, Curve, Figure, RestedCurve
from appliance.errors import SettingsError
from appliance.settings import BatterySettings, Chemistry, EnergySettings, Settings
from tests.conftest import ROOT

LFP, LEAD = BatterySettings(), BatterySettings(chemistry=Chemistry.AGM, nominal_voltage_v=12)


def load(directory: Path, text: str) -> Settings:
    path = directory / "unit.toml"
    path.write_text(text)
    return settings_file.load_settings(path)


def test_the_batteries_page_is_current() -> None:
    assert (ROOT / "docs/batteries.md").read_text() == page.build_page(), "run `make docs`"


def test_every_chemistry_that_can_be_set_has_a_profile() -> None:
    assert set(PROFILES) == set(Chemistry)


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.title)
def test_every_figure_names_where_it_comes_from(profile: ChemistryProfile) -> None:
    for table in (profile, profile.charger, profile.ladder):
        for spec in fields(table):
            value = getattr(table, spec.name)
            if isinstance(value, Figure | Curve | RestedCurve):
                reason = value.source.removeprefix("chosen here: ")
                assert len(reason) > 10, spec.name


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.title)
def test_the_voltages_of_a_cell_stand_in_their_order(profile: ChemistryProfile) -> None:
    """From its disconnect to the most that it bears; the guard acts before anything disconnects."""
    order = (
        profile.disconnect_v,
        profile.floor_v,
        profile.low_v,
        profile.recovered_v,
        profile.sound_v,
        profile.floating_v,
        profile.float_v,
        profile.full_v,
        profile.absorption_v,
        profile.equalize_v or profile.absorption_v + 0.001,
        profile.highest_v,
        profile.plausible_v,
    )
    assert list(order) == sorted(set(order))
    assert profile.empty_v < profile.floor_v
    assert profile.held_v < profile.full_v
    ladder = profile.ladder
    charges = (ladder.off_below_pct, ladder.sentinel_from_pct, ladder.eco_from_pct)
    assert list(charges) == sorted(set(charges)) < [ladder.full_from_pct]


def test_a_figure_computes_as_a_number_and_survives_a_copy() -> None:
    absorption_v = PROFILES[Chemistry.LFP].absorption_v
    assert absorption_v * 4 == pytest.approx(14.2)
    copy = pickle.loads(pickle.dumps(absorption_v))
    assert (copy, copy.source) == (absorption_v, absorption_v.source)


@pytest.mark.parametrize(
    ("battery", "cells"),
    [
        (LFP, 4),
        (replace(LFP, nominal_voltage_v=12.0), 4),
        (replace(LFP, nominal_voltage_v=25.6), 8),
        (replace(LFP, nominal_voltage_v=51.2), 16),
        (replace(LFP, nominal_voltage_v=76.8), 24),
        (replace(LFP, nominal_voltage_v=48.0, cells=15), 15),
        (replace(LFP, nominal_voltage_v=48.0, cells=16), 16),
        (replace(LFP, nominal_voltage_v=36.0, cells=12), 12),
        (LEAD, 6),
        (replace(LEAD, nominal_voltage_v=48.0), 24),
        (replace(LEAD, nominal_voltage_v=14.0, cells=7), 7),
    ],
)
def test_the_cells_of_usual_batteries_are_counted(battery: BatterySettings, cells: int) -> None:
    assert find_cell_count_error(battery) == ""
    assert count_cells(battery) == cells


@pytest.mark.parametrize(
    ("battery", "said"),
    [
        (replace(LFP, nominal_voltage_v=48.0), "48 V is said of 14 or 15 or 16 cells of 3.2 V"),
        (replace(LFP, nominal_voltage_v=36.0), "36 V is said of 11 or 12 cells"),
        (replace(LFP, nominal_voltage_v=24.0), "24 V is said of 7 or 8 cells"),
        (replace(LEAD, nominal_voltage_v=13.2), "no lead-acid battery is sold as 13.2 V"),
        (replace(LEAD, nominal_voltage_v=14.4), "no lead-acid battery is sold as 14.4 V"),
        (replace(LEAD, nominal_voltage_v=25.6), "25.6 V is said of 12 or 13 cells of 2 V"),
        (replace(LFP, nominal_voltage_v=48.0, cells=20), "48 V is not said of 20 cells"),
    ],
)
def test_a_nominal_voltage_that_several_numbers_of_cells_have_is_refused(
    tmp_path: Path, battery: BatterySettings, said: str
) -> None:
    assert said in find_cell_count_error(battery)
    cells = f"\ncells = {battery.cells}" if battery.cells else ""
    text = (
        f'[battery]\nchemistry = "{battery.chemistry.value}"\n'
        f"nominal_voltage_v = {battery.nominal_voltage_v}{cells}\n"
    )
    with pytest.raises(SettingsError, match=said.replace("(", r"\(")):
        load(tmp_path, text)


@pytest.mark.parametrize(
    "chemistry",
    [
        "nmc",
        "lto",
        "sodium-ion",
        "NMC",
        "li-ion",
        "Lithium Ion",
        "lithium",
        "Na-ion",
        "sodium ion",
        "NCA",
        "lithium titanate",
        "LiPo",
        "NiFe",
    ],
)
def test_a_chemistry_without_sources_is_refused_in_words(tmp_path: Path, chemistry: str) -> None:
    with pytest.raises(SettingsError, match=r"is not supported: .*do not enter it as another one"):
        load(tmp_path, f'[battery]\nchemistry = "{chemistry}"\n')


def test_a_label_that_says_lithium_alone_is_told_which_of_them_is_supported(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="where the label says LiFePO4 it is 'lfp'"):
        load(tmp_path, '[battery]\nchemistry = "li-ion"\n')


def test_the_ladder_is_that_of_the_chemistry_where_the_settings_name_none(tmp_path: Path) -> None:
    agm = load(tmp_path, '[battery]\nchemistry = "agm"\n\n[energy]\nfull_from_pct = 90\n').energy
    assert (agm.full_from_pct, agm.eco_from_pct, agm.sentinel_from_pct) == (90, 70, 60)
    assert agm.off_below_pct == 40
    assert load(tmp_path, "").energy == EnergySettings()


def test_the_defaults_of_the_settings_are_those_of_lfp() -> None:
    ladder, energy = get_profile(LFP).ladder, EnergySettings()
    for spec in fields(ladder):
        assert getattr(energy, spec.name) == getattr(ladder, spec.name)


def test_the_resistance_follows_the_size_where_the_settings_name_none() -> None:
    assert find_resistance_ohm(LFP) == pytest.approx(0.02)
    small, large = replace(LFP, capacity_wh=256), replace(LFP, capacity_wh=12_800)
    assert find_resistance_ohm(small) > 3 * find_resistance_ohm(large)
    assert find_resistance_ohm(replace(LFP, resistance_ohm=0.05)) == 0.05


def test_a_curve_is_linear_between_its_points_and_constant_outside() -> None:
    curve = Curve(((0, 10), (10, 20)), "a test")
    assert [curve.at(x) for x in (-5, 0, 5, 10, 15)] == [10, 10, 15, 20, 20]
