"""The page on the unit's own screen: where it begins, when it is black, and dark at night.

`/kiosk` leads to the view of the settings; `/kiosk/black` is a page of nothing, which asks for
nothing: browser, page and database rest until a finger comes.

Reads and writes: nothing.
Never: turns the screen of a person in the network black.
"""

from typing import Any

from flask import Flask, Response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from appliance.clock import Clock
from appliance.process.touchscreen import is_shown
from appliance.settings import Settings
from appliance.status.sunrise import is_sun_up
from appliance.web.origins import Origin, find_origin

BEGIN, BLACK = "/kiosk", "/kiosk/black"


def add_kiosk(app: Flask, settings: Settings, clock: Clock, static: str) -> None:
    """Both addresses; the templates get `blank_after_s`, 0 for never, and `outside`: "dark" while
    the sun is down, "light" while it is up, "" where the screen is not the unit's own.
    """

    @app.context_processor
    def give_screen() -> dict[str, Any]:
        return {
            "blank_after_s": find_blank_s(settings),
            "outside": find_outside(settings, clock) if is_own_screen(settings) else "",
        }

    @app.get(BEGIN)
    def begin() -> ResponseReturnValue:
        return redirect(settings.kiosk.home)

    @app.get(BLACK)
    def black() -> ResponseReturnValue:
        return Response(render_template("black.html", static=static, begin=BEGIN))


def is_own_screen(settings: Settings) -> bool:
    """Whether this request comes from the unit's own screen."""
    return is_shown(settings) and find_origin(request.environ) is Origin.TOUCHSCREEN


def find_blank_s(settings: Settings) -> float:
    """Of this request: the screen is the unit's own."""
    return settings.kiosk.blank_after_s if is_own_screen(settings) else 0


def find_outside(settings: Settings, clock: Clock) -> str:
    """How light it is around the unit."""
    site = settings.site
    now = clock.stamp().utc
    up = is_sun_up(now, latitude_deg=site.latitude_deg, longitude_deg=site.longitude_deg)
    return "light" if up else "dark"
