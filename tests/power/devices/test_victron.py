"""The Victron drivers: captured blocks, an independent driver on them, and what values mean."""

import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.model import BatteryReading, ChargeStage, PowerReading, Quality, Stamp
from power.devices.victron import (
    MODELS,
    VictronMppt,
    VictronMpptHex,
    VictronMpptLoad,
    VictronShunt,
)
from power.devices.victron_text import MPPT_LABELS, SHUNT_LABELS, VeDirectDevice, split_labels
from power.protocol.framing.vedirect import GET, HISTORY, LIVE, TEXT, VeDirectFraming
from power.protocol.profile import Block, Sample
from power.protocol.register import Decoded
from tests.power.protocol.framing.test_vedirect import (
    BLUESOLAR,
    BLUESOLAR_NEXT,
    BMV,
    BMV_HISTORY,
    MPPT_100_15,
    SMARTSOLAR,
)
from tests.provisioning.simulated.devices.test_victron import make_victron_meter
from tests.stand_ins.rig import NOON

MPPT, MPPT_LOAD, SHUNT = VictronMppt(), VictronMpptLoad(), VictronShunt()
LIVE_TEXT, HISTORY_TEXT, SENSE = Block(TEXT, LIVE), Block(TEXT, HISTORY), Block(GET, 0xEDEC, 1)
FRAMING = VeDirectFraming()


class RecordingDevice:
    """A line that says what was recorded, once for each listening."""

    def __init__(self, *received: bytes) -> None:
        self._heard = list(received)

    sends_every_s = 1.0

    def find_request_size(self, begun: bytes) -> int | None:
        return len(begun)

    def respond(self, request: bytes) -> bytes | None:
        return None

    def send_unasked(self) -> bytes:
        return self._heard.pop(0) if self._heard else b""


def make_reading(profile: VeDirectDevice, **values: float) -> Any:
    sample = Sample({name: Decoded(number, Quality.OK) for name, number in values.items()})
    return profile.make_reading(Stamp(NOON, "0", 0.0), sample)


# --- captured blocks through the whole driver ----------------------------------------------------


def test_a_captured_bluesolar_75_15_by_day() -> None:
    reading = make_victron_meter(MPPT_LOAD, RecordingDevice(BLUESOLAR, BLUESOLAR)).read()
    assert reading.battery_voltage_v == 12.54
    assert reading.battery_current_a == 0.65
    assert reading.pv_voltage_v == 32.79
    assert reading.pv_power_w == 8
    assert reading.load_power_w == 0
    assert reading.charge_stage is ChargeStage.BULK
    assert reading.yield_today_wh == 0
    assert reading.quality == {"battery_temperature_c": Quality.ABSENT}


def test_a_captured_100_15_with_a_load_gives_the_net_current_of_the_battery() -> None:
    """11 W come in, 25.0 V x 0.4 A go out to the load: the battery gives 0.04 A."""
    reading = make_victron_meter(MPPT_LOAD, RecordingDevice(MPPT_100_15, MPPT_100_15)).read()
    assert reading.battery_current_a == -0.04
    assert reading.load_power_w == 10.0
    assert reading.pv_power_w == 11  # agrees with V x (I + IL), not with V x I


def test_a_captured_smartsolar_at_night() -> None:
    reading = make_victron_meter(MPPT_LOAD, RecordingDevice(SMARTSOLAR, SMARTSOLAR)).read()
    assert (reading.pv_power_w, reading.pv_voltage_v) == (0, 0.01)
    assert reading.battery_current_a == -0.01
    assert reading.charge_stage is ChargeStage.OFF


def test_a_captured_bmv_700_with_its_two_blocks() -> None:
    reading = make_victron_meter(
        SHUNT, RecordingDevice(BMV + BMV_HISTORY, BMV + BMV_HISTORY)
    ).read()
    assert reading.voltage_v == 12.065
    assert reading.current_a == -7.625
    assert reading.state_of_charge_pct == 83.9
    assert reading.cycles == 0
    assert reading.alarms == ""
    assert reading.lowest_temperature_c is None
    assert reading.quality["lowest_temperature_c"] is Quality.ABSENT
    sample = Sample(SHUNT.decode(LIVE_TEXT, BMV))
    assert sample.value("consumed") == -65.473
    assert sample.value("time_to_go") == 942


def test_captured_hex_values() -> None:
    hex_model = VictronMpptHex()

    def value(address: int, data: str) -> Decoded:
        (decoded,) = hex_model.decode(Block(GET, address, 1), bytes.fromhex(data)).values()
        return decoded

    assert value(0xEDDB, "520D").value == 34.10
    assert value(0xEDF6, "EA15").value == 56.10
    assert value(0xEDF7, "4416").value == 57.00
    assert value(0xEDF0, "9600").value == 15.0
    assert value(0xEDEC, "FFFF").quality is Quality.ABSENT  # no sense: not 382 C
    assert value(0xEDEC, "B36A").value == pytest.approx(0.0)  # 273.15 K
    assert value(0xEDEC, "EB66").value == pytest.approx(-9.68)
    assert value(0xEDE0, "0CFE").value == -5.0
    assert value(0xEDEC, "B36A00").quality is Quality.IMPLAUSIBLE  # another length
    assert value(0xEDF7, "0000").quality is Quality.IMPLAUSIBLE


# --- an independent driver on the same bytes -----------------------------------------------------


class FakeSerial(io.BytesIO):
    """What the package opens in place of a port."""

    def __init__(self, received: bytes) -> None:
        super().__init__(received)

    def __call__(self, *_: Any, **__: Any) -> "FakeSerial":
        return self


def decode_with_vedirect(received: bytes, monkeypatch: pytest.MonkeyPatch) -> Any:
    package = pytest.importorskip("vedirect")
    monkeypatch.setattr(package.serial, "Serial", FakeSerial(received))
    return package.VEDirect("recorded")


@pytest.mark.parametrize("block", [SMARTSOLAR, MPPT_100_15, BLUESOLAR, BLUESOLAR_NEXT])
def test_the_vedirect_package_reads_the_same_values(
    block: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = decode_with_vedirect(block + block + block, monkeypatch)
    sample = Sample(MPPT_LOAD.decode(LIVE_TEXT, block))
    assert other.battery_volts == sample.value("battery_voltage")
    assert other.solar_volts == sample.value("pv_voltage")
    assert other.solar_power == sample.value("pv_power")
    assert other.device_serial == split_labels(block)["SER#"]
    if "MPPT" in split_labels(block):
        assert other.device_MPPT_state.value == sample.value("tracker")


def test_where_the_vedirect_package_differs_it_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """It looks for the current under `A`; the maker's list and each capture say `I`. It does not
    know HEX lines inside text.
    """
    with pytest.raises(KeyError, match="A"):
        _ = decode_with_vedirect(BLUESOLAR * 3, monkeypatch).battery_amps
    mixed = BLUESOLAR[:40] + b":A0002000148\n" + BLUESOLAR[40:]
    package = pytest.importorskip("vedirect")
    with pytest.raises(package.InvalidChecksumException):
        decode_with_vedirect(mixed * 3, monkeypatch)
    assert FRAMING.find_reply(mixed, LIVE_TEXT, 1, final=False) is not None


# --- what the values mean ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "stage"),
    [
        (0, ChargeStage.OFF),
        (2, ChargeStage.FAULT),
        (3, ChargeStage.BULK),
        (4, ChargeStage.ABSORPTION),
        (5, ChargeStage.FLOAT),
        (6, ChargeStage.FLOAT),
        (7, ChargeStage.EQUALIZE),
        (245, ChargeStage.OFF),
        (246, ChargeStage.ABSORPTION),
        (247, ChargeStage.EQUALIZE),
    ],
)
def test_the_charge_stage_is_label_cs(state: int, stage: ChargeStage) -> None:
    assert make_reading(MPPT, charge_state=state, error=0).charge_stage is stage


def test_a_stage_that_is_not_known_is_none() -> None:
    led = make_reading(MPPT, charge_state=252)
    assert (led.charge_stage, led.quality["charge_stage"]) == (None, Quality.ABSENT)
    new = make_reading(MPPT, charge_state=99)
    assert (new.charge_stage, new.quality["charge_stage"]) == (None, Quality.IMPLAUSIBLE)


def test_an_error_is_a_fault_where_it_stops_the_charging() -> None:
    assert make_reading(MPPT, charge_state=0, error=38).charge_stage is ChargeStage.FAULT
    assert make_reading(MPPT, charge_state=3, error=67).charge_stage is ChargeStage.BULK


def test_a_pv_power_that_does_not_come_out_is_rejected() -> None:
    values = {"battery_voltage": 26.0, "battery_current": 10.0, "pv_voltage": 70.0}
    assert make_reading(MPPT, pv_power=275, **values).pv_power_w == 275
    for wrong_w in (550, 120, 0):
        wrong = make_reading(MPPT, pv_power=wrong_w, **values)
        assert wrong.pv_power_w is None
        assert wrong.quality["pv_power_w"] is Quality.IMPLAUSIBLE
    loaded = make_reading(
        MPPT_LOAD, pv_power=275, load_current=8.0, **values | {"battery_current": 2}
    )
    assert loaded.pv_power_w == 275


def test_a_controller_that_does_not_report_its_load_current_does_not_measure_the_loads() -> None:
    """The settings say that it has a load output; the block says that it has none."""
    seen = make_reading(MPPT_LOAD, battery_current=-2.0, load_current=2.5)
    assert seen.battery_current_a == -2.0
    unseen = make_reading(MPPT_LOAD, battery_current=3.0)
    assert unseen.battery_current_a is None
    assert unseen.quality["battery_current_a"] is Quality.ABSENT
    assert make_reading(MPPT, battery_current=3.0).battery_current_a == 3.0


def test_only_models_with_a_load_output_claim_the_battery_current() -> None:
    claims = {one.name: getattr(one, "has_load_output", None) for one in MODELS}
    assert claims == {
        "victron-mppt": False,
        "victron-mppt-load": True,
        "victron-mppt-hex": False,
        "victron-mppt-load-hex": True,
        "victron-shunt": None,
    }


def test_no_charge_while_the_voltage_is_sound_is_rejected() -> None:
    for voltage_v in (12.9, 13.3, 26.4, 52.8):
        wrong = make_reading(SHUNT, voltage=voltage_v, state_of_charge=0)
        assert wrong.state_of_charge_pct is None
        assert wrong.quality["state_of_charge_pct"] is Quality.IMPLAUSIBLE
    for voltage_v in (10.5, 11.8, 23.6, 40.0, 47.0):
        assert make_reading(SHUNT, voltage=voltage_v, state_of_charge=0).state_of_charge_pct == 0


def test_a_current_that_contradicts_the_power_is_rejected() -> None:
    agreeing = make_reading(SHUNT, voltage=12.0, current=-7.6, power=-92)
    assert agreeing.current_a == -7.6
    wrong = make_reading(SHUNT, voltage=12.0, current=-76.0, power=-92)
    assert (wrong.current_a, wrong.quality["current_a"]) == (None, Quality.IMPLAUSIBLE)


def test_the_alarms_are_reported_in_words() -> None:
    assert make_reading(SHUNT, alarm_reason=0).alarms == ""
    assert make_reading(SHUNT, alarm_reason=1 + 32).alarms == "low voltage, low temperature"
    assert make_reading(SHUNT).alarms is None


def test_what_was_not_sent_is_none_and_never_zero() -> None:
    for profile, kind in ((MPPT, PowerReading), (MPPT_LOAD, PowerReading), (SHUNT, BatteryReading)):
        reading = make_reading(profile)
        fields = {*kind.__dataclass_fields__} - {"stamp", "device", "quality", "ages_s"}
        assert all(getattr(reading, name) is None for name in fields)


# --- labels --------------------------------------------------------------------------------------


def decode_ours(content: bytes, profile: VeDirectDevice = SHUNT) -> dict[str, Decoded]:
    return profile.decode(LIVE_TEXT, content)


def test_words_that_are_no_numbers_are_rejected() -> None:
    for word in (b"", b"1e3", b"nan", b"12.5", b"+5", b"0x10", b" 7", b"--", b"\xb2", b"9" * 30):
        assert decode_ours(b"\r\nSOC\t" + word)["state_of_charge"].quality is Quality.IMPLAUSIBLE
    assert decode_ours(b"\r\nSOC\t---")["state_of_charge"].quality is Quality.ABSENT
    assert decode_ours(b"\r\nTTG\t-1")["time_to_go"].quality is Quality.ABSENT
    assert decode_ours(b"\r\nSOC\t1001")["state_of_charge"].quality is Quality.IMPLAUSIBLE
    assert decode_ours(b"\r\nCE\t-12345")["consumed"].value == -12.345


def test_unknown_labels_are_ignored_and_switches_are_one_or_nought() -> None:
    found = decode_ours(b"\r\nNEW\t7\r\nLOAD\tON\r\nOR\t0x00000081\r\nRelay\tOFF\r\nno tab", MPPT)
    assert {name: one.value for name, one in found.items()} == {"load_on": 1, "off_reason": 0x81}


def test_the_history_block_brings_no_live_values() -> None:
    assert set(MPPT.decode(HISTORY_TEXT, BLUESOLAR)) == set(MPPT.names(HISTORY_TEXT)) & {
        "generated_total",
        "generated_today",
        "highest_power_today",
        "generated_yesterday",
        "highest_power_yesterday",
        "day_number",
    }
    assert not set(MPPT.names(HISTORY_TEXT)) & set(MPPT.names(LIVE_TEXT))
    assert VictronMpptHex().names(SENSE) == ("battery_temperature",)


@given(st.binary(max_size=300))
def test_no_text_breaks_the_tables_or_yields_a_value_out_of_range(noise: bytes) -> None:
    for profile, labels in ((MPPT, MPPT_LABELS), (SHUNT, SHUNT_LABELS)):
        rows = {row.name: row for row in labels}
        content = b"\r\n".join(
            row.label.encode() + b"\t" + noise[place : place + 5]
            for place, row in enumerate(labels)
        )
        for name, one in profile.decode(LIVE_TEXT, b"\r\n" + content).items():
            assert one.value is None or rows[name].low <= one.value <= rows[name].high
        profile.make_reading(Stamp(NOON, "0", 0.0), Sample(profile.decode(LIVE_TEXT, noise)))
        profile.recognise(noise)


# --- the probe -----------------------------------------------------------------------------------


def test_a_probe_recognises_each_device_and_proposes_no_model_that_sends() -> None:
    known = {
        SMARTSOLAR: "victron-mppt-load",
        MPPT_100_15: "victron-mppt-load",
        BMV: "victron-shunt",
        SMARTSOLAR.replace(b"\r\nIL\t0", b""): "victron-mppt",
    }
    for block, name in known.items():
        finds = {one.name: one.recognise(block) for one in MODELS}
        (best,) = [found for found in finds.values() if found]
        assert finds[name] == best
        assert best.certain
    found = MPPT_LOAD.recognise(SMARTSOLAR)
    assert found
    assert found.text == ("Victron MPPT, product 0xA05F, firmware 139, serial number HQ18486U2B4")
    odd = MPPT_LOAD.recognise(SMARTSOLAR.replace(b"0xA05F", b"0xBEEF"))
    assert odd
    assert not odd.certain
    assert all(one.recognise(BMV_HISTORY) is None for one in MODELS)
