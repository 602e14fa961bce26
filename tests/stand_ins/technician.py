"""Somebody before the page of a test: at the touchscreen with the PIN, or with a login over TLS.

technician = enter_pin(app, settings)                 # sets the PIN, and enters it
answer = technician.post("/api/cameras/gate/pause", json={"for": "2h"})
visitor = Visitor(app, Origin.NETWORK, address="10.0.0.7")
"""

from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from appliance.access.accounts import add_account, set_pin
from appliance.access.database import AccessFile
from appliance.access.passwords import hash_secret
from appliance.access.roles import Origin, Role
from appliance.settings import Settings
from appliance.web.acting.asking import EXTENSION
from appliance.web.origins import ORIGIN

PIN, PASSWORD = "481516", "three words here"


class Visitor:
    """A browser, at one place. Its `post` sends the CSRF token that its session has by now."""

    def __init__(
        self, app: Flask, origin: Origin = Origin.TOUCHSCREEN, address: str = "127.0.0.1"
    ) -> None:
        self.client = app.test_client()
        self._environ: dict[str, Any] = {ORIGIN: origin, "REMOTE_ADDR": address}
        scheme = "https" if origin is Origin.NETWORK else "http"
        self.base = f"{scheme}://localhost"

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.client.get(
            path, base_url=self.base, environ_overrides=dict(self._environ), **more
        )

    def post(
        self, path: str, *, headers: dict[str, str] | None = None, **more: Any
    ) -> TestResponse:
        sent = {"X-CSRF-Token": self.find_token(), **(headers or {})}
        return self.post_bare(path, headers=sent, **more)

    def post_bare(self, path: str, **more: Any) -> TestResponse:
        """Without the token."""
        return self.client.post(
            path, base_url=self.base, environ_overrides=dict(self._environ), **more
        )

    def find_token(self) -> str:
        """The CSRF token, as the page asks for it; "" where nobody is logged in."""
        found = self.get("/api/person").get_json() or {}
        return str(found.get("csrf_token") or "")

    def enter(self, pin: str = PIN, **more: str) -> TestResponse:
        """Try a PIN."""
        return self.post_bare("/pin", data={"pin": pin, **more})

    def log_in(self, name: str = "anna", password: str = PASSWORD, **more: str) -> TestResponse:
        """Try a login."""
        return self.post_bare("/login", data={"name": name, "password": password, **more})


def open_access(app: Flask) -> AccessFile:
    """The access.db of an application."""
    found: AccessFile = app.extensions[EXTENSION].file
    return found


def enter_pin(app: Flask, settings: Settings) -> Visitor:
    """A technician at the touchscreen."""
    settings.access_file.parent.parent.mkdir(parents=True, exist_ok=True)
    set_pin(open_access(app), hash_secret(PIN))
    found = Visitor(app)
    assert found.enter().status_code == 303
    return found


def log_in(
    app: Flask, settings: Settings, role: Role = Role.TECHNICIAN, name: str = "anna"
) -> Visitor:
    """Somebody with a login over TLS."""
    settings.access_file.parent.parent.mkdir(parents=True, exist_ok=True)
    add_account(open_access(app), name, role, hash_secret(PASSWORD))
    found = Visitor(app, Origin.NETWORK, "10.0.0.7")
    assert found.log_in(name).status_code == 303
    return found
