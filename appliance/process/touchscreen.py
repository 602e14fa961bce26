"""Whether the unit has a screen of its own that shows the page.

    is_shown(settings)

Reads: a file of images that were built with one (KIOSK=1). Writes: nothing.
Never: looks whether a display is connected; appliance/actuators/kiosk_wanted.py does.
"""

from pathlib import Path

from appliance.settings import Settings

UNIT = "appliance-kiosk.service"
BUILT_IN = Path("/usr/lib/appliance/touchscreen")


def is_shown(settings: Settings, built_in: Path = BUILT_IN) -> bool:
    """Where the settings want it, and always where it was built in."""
    return settings.kiosk.enabled or built_in.exists()
