"""`/manifest.webmanifest`: with it a phone puts the page on its home screen, with name and icon.

Reads: the unit's name. Writes: nothing.
Never: asks a phone to keep anything of the unit: there is no service worker, since what it kept
would be shown as if it were now.
"""

from flask import Flask, Response, json
from flask.typing import ResponseReturnValue

from appliance.settings import Settings

TYPE = "application/manifest+json"  # W3C Web Application Manifest
SHORT_NAME_CHARS = 12  # what a home screen shows below an icon
PAPER = "#eef0ec"  # page.css, --paper


def add_manifest(app: Flask, settings: Settings, static: str) -> None:
    """The manifest's route."""
    name = settings.unit.name
    manifest = {
        "id": "/",
        "name": name,
        "short_name": name[:SHORT_NAME_CHARS],
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": PAPER,
        "theme_color": PAPER,
        "icons": [
            {"src": f"{static}/icon.svg", "sizes": "any", "type": "image/svg+xml"},
            *(
                {"src": f"{static}/icon-{size}.png", "sizes": f"{size}x{size}", "type": "image/png"}
                for size in (192, 512)
            ),
        ],
    }
    text = json.dumps(manifest)

    @app.get("/manifest.webmanifest")
    def send_manifest() -> ResponseReturnValue:
        return Response(text, mimetype=TYPE)
