"""Check: does the battery answer, with a voltage of its kind and size, and is its charge known?

Reads: the newest PowerReading and BatteryState, the settings. Writes: nothing.
Never: guesses a charge.
"""

from collections.abc import Iterator

from appliance.model import BatteryState, PowerReading
from appliance.wording.sentence import Sentence, say
from power.battery.voltage_curve import derive_facts
from provisioning.commissioning.acceptance.limits import READING_AGE, SIGMA
from provisioning.commissioning.acceptance.scene import Scene
from provisioning.commissioning.findings import Figure, Finding, Verdict

TITLE = say("The battery answers")


def check_battery(scene: Scene) -> Finding:
    """Voltage and charge."""
    reading = scene.find(PowerReading, READING_AGE.value)
    state = scene.find(BatteryState, READING_AGE.value)
    verdict, reason = Verdict.PASSED, say("its voltage is one of this battery, its charge is known")
    if wrong := find_wrong(scene, reading):
        verdict, reason = Verdict.FAILED, wrong
    elif doubt := find_doubt(state):
        verdict, reason = Verdict.NOTED, doubt
    return Finding("battery", TITLE, verdict, reason, tuple(list_figures(scene, reading, state)))


def find_wrong(scene: Scene, reading: PowerReading | None) -> Sentence | None:
    """In one sentence; None where it answers as it should."""
    volts = reading.battery_voltage_v if reading else None
    if volts is None:
        return say("nobody measures its voltage: check cable and power of charger and BMS")
    facts = derive_facts(scene.settings.battery)
    low_v = facts.profile.disconnect_v * facts.cells
    high_v = facts.profile.highest_v * facts.cells
    if not low_v <= volts <= high_v:
        return say(
            "{volts:.2f} V is not the voltage of {cells} cells of {kind} ({low_v:.1f} to "
            "{high_v:.1f} V): check nominal_voltage_v, cells and chemistry in [battery], or the "
            "battery",
            volts=volts,
            cells=facts.cells,
            kind=scene.settings.battery.chemistry,
            low_v=low_v,
            high_v=high_v,
        )
    return None


def find_doubt(state: BatteryState | None) -> Sentence | None:
    """What a new unit has yet to learn: nothing is wrong, its guard goes by the voltage."""
    if state is None or state.state_of_charge_pct is None or state.sigma_pct is None:
        return say("its charge is not known yet: it is after the first full charge")
    if state.sigma_pct > SIGMA.value:
        return say(
            "its charge is {percent:.0f} % with an uncertainty of {sigma:.0f} %, as on every new "
            "unit: it is known after the first full charge",
            percent=state.state_of_charge_pct,
            sigma=state.sigma_pct,
        )
    return None


def list_figures(
    scene: Scene, reading: PowerReading | None, state: BatteryState | None
) -> Iterator[Figure]:
    """With their ages."""
    if reading is not None:
        age_s = scene.age_s(reading)
        yield Figure(say("Voltage of the battery"), reading.battery_voltage_v, "V", age_s)
        yield Figure(say("Current of the battery"), reading.battery_current_a, "A", age_s)
        yield Figure(say("Temperature of the battery"), reading.battery_temperature_c, "C", age_s)
    if state is not None:
        age_s = scene.age_s(state)
        yield Figure(say("State of charge"), state.state_of_charge_pct, "%", age_s)
        yield Figure(say("Uncertainty of the charge"), state.sigma_pct, "%", age_s)
