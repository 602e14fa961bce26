"""The page on the unit's own screen: where it begins, and when it is black.

`/kiosk` leads to the view of the settings; `/kiosk/black` is a page of nothing, which asks for
nothing: browser, page and database rest until a finger comes.

Reads and writes: nothing.
Never: turns the screen of a person in the network black.
"""

from typing import Any

from flask import Flask, Response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from appliance.settings import Settings
from appliance.web.origins import Origin, find_origin

BEGIN, BLACK = "/kiosk", "/kiosk/black"


def add_kiosk(app: Flask, settings: Settings, static: str) -> None:
    """Both addresses; the templates get `blank_after_s`, 0 for never."""

    @app.context_processor
    def give_blank() -> dict[str, Any]:
        return {"blank_after_s": find_blank_s(settings)}

    @app.get(BEGIN)
    def begin() -> ResponseReturnValue:
        return redirect(settings.kiosk.home)

    @app.get(BLACK)
    def black() -> ResponseReturnValue:
        return Response(render_template("black.html", static=static, begin=BEGIN))


def find_blank_s(settings: Settings) -> float:
    """Of this request: the screen is the unit's own."""
    is_own = settings.kiosk.enabled and find_origin(request.environ) is Origin.TOUCHSCREEN
    return settings.kiosk.blank_after_s if is_own else 0
