"""Where BMSs disconnect, as they give it: frames by their documents, and the simulated ones."""

import pytest

from power.devices import MODELS
from power.devices.daly_a5 import DalyA5
from power.protocol.framing.ydt1363 import ANALOGUE, LIMITS
from power.protocol.profile import BatteryProfile, Profile
from provisioning.models_page import NOT_READ
from provisioning.simulated.devices.daly_a5 import SimulatedDalyA5
from tests.power.devices.test_daly_a5 import R24TS, RecordedBoard, build_frame, make_recorded_meter
from tests.power.devices.ydt1363_packs import (
    FAMILY,
    US2000C,
    RecordedPack,
    make_family_meter,
)
from tests.power.devices.ydt1363_packs import build_frame as build_ydt_frame
from tests.stand_ins.rig import make_sunny_noon

# README of python-pylontech: 3.7, 3.05, 2.9 V a cell; 54, 46, 44.5 V as a whole.
US2000_LIMITS = "00 0E74 0BEA 0B54 0D0D 0A3D 03FC D2F0 B3B0 ADD4 0D0D 0A3D FC18".replace(" ", "")


def test_a_us2000_disconnects_by_the_pack_or_by_a_cell_whichever_comes_first() -> None:
    family = FAMILY[0]
    frames = {ANALOGUE: US2000C, LIMITS: build_ydt_frame("20024600", US2000_LIMITS)}
    meter = make_family_meter(family, RecordedPack(family[1], family[0].device_id, frames))
    meter.read()
    found = meter.set_points
    assert found is not None
    assert (found.cells, found.uvp_v, found.ovp_v) == (15, 44.5, 54.0)


def test_a_pack_that_does_not_know_the_command_has_no_set_points() -> None:
    family = FAMILY[0]
    pack = RecordedPack(family[1], family[0].device_id, {ANALOGUE: US2000C})
    meter = make_family_meter(family, pack)
    meter.read()
    assert meter.set_points is None


def test_a_daly_board_disconnects_at_the_second_level_of_its_cells() -> None:
    limits = build_frame(0x59, bytes.fromhex("0E10 0E42 0AF0 09C4")).hex(" ")
    meter = make_recorded_meter(RecordedBoard({**R24TS, 0x59: limits}))
    meter.read()
    found = meter.set_points
    assert found is not None
    assert (found.cells, found.uvp_v, found.ovp_v) == (14, 35.0, 51.1)


def test_a_daly_board_without_that_command_is_read_all_the_same() -> None:
    meter = make_recorded_meter(RecordedBoard(R24TS))
    assert meter.read().voltage_v is not None
    assert meter.set_points is None


def test_a_simulated_daly_gives_its_set_points() -> None:
    meter = make_recorded_meter(SimulatedDalyA5(make_sunny_noon()))
    meter.read()
    assert meter.set_points is not None
    assert meter.set_points.model == DalyA5.name


@pytest.mark.parametrize("profile", MODELS, ids=lambda one: one.name)
def test_each_model_gives_its_set_points_or_the_page_says_why_not(profile: Profile) -> None:
    base = BatteryProfile.make_set_points
    gives = type(profile).make_set_points is not base
    assert gives is (profile.name not in NOT_READ)
