"""The known power devices as `unitctl power models` shows them.

Reads: the devices' tables. Writes: standard output.
Never: opens a line.
"""

from collections.abc import Sequence
from typing import Any

from appliance.commands.printing import Line, Section, show, show_json
from power.devices import MODELS
from power.protocol.profile import BatteryProfile, Profile


def show_models(as_json: bool, models: Sequence[Profile] = MODELS) -> None:
    """Print all of them."""
    batteries = [one for one in models if isinstance(one, BatteryProfile)]
    chargers = [one for one in models if one not in batteries]
    if as_json:
        show_json([describe_model(one) for one in models])
        return
    show(
        [
            Section(
                "Charge controllers: [charger.NAME] model", [format_line(one) for one in chargers]
            ),
            Section(
                "Batteries and shunts: [bms.NAME] model", [format_line(one) for one in batteries]
            ),
        ]
    )


def format_line(profile: Profile) -> Line:
    """One device in one line."""
    return Line(
        profile.name, f"{profile.title}; {format_protocol(profile)}, id {profile.device_id}"
    )


def format_protocol(profile: Profile) -> str:
    """Its protocol and serial setting."""
    form = "TCP only" if profile.tcp_only else str(profile.serial)
    return f"{profile.protocol}, {form}"


def describe_model(profile: Profile) -> dict[str, Any]:
    """One device as JSON."""
    return {
        "model": profile.name,
        "title": profile.title,
        "section": "bms" if isinstance(profile, BatteryProfile) else "charger",
        "protocol": profile.protocol,
        "serial": None if profile.tcp_only else str(profile.serial),
        "device_id": profile.device_id,
        "other_ids": list(profile.ids),
        "tested": list(profile.tested),
    }
