"""The power devices that this unit supports, by the name used in the settings.

Reads and writes: nothing. A new device is a new file of rows here and an entry in `MODELS`.
Never: guesses a model; an unknown name is a `SettingsError` that names the nearest known one.
"""

from appliance.errors import SettingsError
from appliance.parsing.nearest import find_nearest
from power.devices import (
    daly,
    daly_a5,
    epever,
    jbd,
    jk,
    pace,
    prostar,
    pylontech,
    renogy,
    renogy_lfp,
    seplos_v2,
    seplos_v3,
    sunspec,
    tristar,
    victron,
    victron_gx,
)
from power.protocol.profile import BatteryProfile, ChargerProfile, Profile

MODELS: tuple[Profile, ...] = (
    *epever.MODELS,
    *renogy.MODELS,
    *tristar.MODELS,
    *prostar.MODELS,
    *victron.MODELS,
    *victron_gx.MODELS,
    *jk.MODELS,
    *jbd.MODELS,
    *daly.MODELS,
    *daly_a5.MODELS,
    *seplos_v3.MODELS,
    *seplos_v2.MODELS,
    *pylontech.MODELS,
    *pace.MODELS,
    *renogy_lfp.MODELS,
    *sunspec.MODELS,
)
CHARGERS = {model.name: model for model in MODELS if isinstance(model, ChargerProfile)}
BATTERIES = {model.name: model for model in MODELS if isinstance(model, BatteryProfile)}


def find_charger(model: str) -> ChargerProfile:
    """The charge controller of that name; raise `SettingsError` where there is none."""
    if model in CHARGERS:
        return CHARGERS[model]
    raise make_unknown_error("charge controller", model, CHARGERS)


def find_battery(model: str) -> BatteryProfile:
    """The BMS or shunt of that name; raise `SettingsError` where there is none."""
    if model in BATTERIES:
        return BATTERIES[model]
    raise make_unknown_error("BMS", model, BATTERIES)


def make_unknown_error(
    kind: str, model: str, known: dict[str, ChargerProfile] | dict[str, BatteryProfile]
) -> SettingsError:
    """The error for an unknown model, with the nearest known one."""
    near = find_nearest(model, known)
    advice = f"did you mean {near!r}? " if near else ""
    return SettingsError(
        f"model {model!r} is not a known {kind}; {advice}known: {', '.join(sorted(known))}"
    )
