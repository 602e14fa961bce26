"""How the bytes run on a device's line, by its model and its section of the settings.

Reads and writes: nothing; pure.
Never: opens a port.
"""

from dataclasses import replace

from appliance.settings import BmsSettings, ChargerSettings, ModbusFraming
from power.protocol.line_place import SerialForm
from power.protocol.profile import Profile


def choose_form(profile: Profile, one: ChargerSettings | BmsSettings) -> SerialForm:
    """The model's usual form, with the speed and the framing of the settings."""
    form = profile.serial
    return replace(form, baud=one.baud or form.baud, bridged=one.framing is ModbusFraming.RTU)
