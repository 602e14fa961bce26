"""A camera's view as faults in words, and whether the sun is up for judging it.

Reads: the newest `PowerReading`. Writes: nothing.
Never: takes the wall clock for the sun, unless a time server has confirmed it: panels that give
power say so too.
"""

from datetime import datetime

from appliance.errors import ApplianceError
from appliance.model import PowerReading
from appliance.process.service import Service
from appliance.status.sunrise import is_sun_up
from appliance.wording.sentence import say
from appliance.wording.site_time import find_zone
from sensors.camera.tamper_checks.checks import Tamper, TamperKind, Trouble

SUN_EVERY_S = 60.0
DAY_SHARE = 0.02  # of the panels' nominal power
ADVICE = {
    TamperKind.COVERED: (
        say("seems covered"),
        say("look at its lens: remove what is before it, clean off dirt, snow or spray"),
    ),
    TamperKind.MOVED: (
        say("seems to have been moved"),
        say(
            "turn it back and fasten it, its zones and masks no longer fit; or restart its "
            "service, and this is the usual view. For a camera that turns by itself set "
            "`check_view = false`"
        ),
    ),
    TamperKind.FROZEN: (
        say("seems frozen"),
        say("switch its supply off and on, or restart it on its own page"),
    ),
    TamperKind.BLURRED: (
        say("seems out of focus, wet or dirty"),
        say("clean its lens, then focus it"),
    ),
}


class TamperError(ApplianceError):
    """A camera whose pictures do not show what they should; `code` by what is wrong."""

    def __init__(self, trouble: Trouble, since: datetime, service: Service) -> None:
        what, advice = ADVICE[trouble.kind]
        at = since.astimezone(find_zone(service.settings.site.timezone))
        super().__init__(
            say(
                "the camera {instance} {what} since {at:%a %d %b %H:%M}: {seen}; {advice}",
                instance=service.instance,
                what=what,
                at=at,
                seen=trouble.seen,
                advice=advice,
            )
        )
        self.code = trouble.kind.value


class DayCheck:
    """Whether the sun is up, looked at once a minute."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._checked_s: float | None = None

    def update(self, tamper: Tamper) -> None:
        """Tell the check of the view. Raises `StoreError`."""
        now_s = self._service.clock.stamp().uptime_s
        if self._checked_s is not None and now_s - self._checked_s < SUN_EVERY_S:
            return
        self._checked_s = now_s
        tamper.is_day = self._give_panels_power() or self._is_sun_up()

    def _give_panels_power(self) -> bool:
        reading = self._service.store.latest(PowerReading)
        if reading is None or reading.pv_power_w is None or "pv_power_w" in reading.quality:
            return False
        return reading.pv_power_w >= DAY_SHARE * self._service.settings.panels.peak_w

    def _is_sun_up(self) -> bool | None:
        if not self._service.clock.is_synchronized():
            return None
        site, now = self._service.settings.site, self._service.clock.stamp().utc
        return is_sun_up(now, latitude_deg=site.latitude_deg, longitude_deg=site.longitude_deg)
