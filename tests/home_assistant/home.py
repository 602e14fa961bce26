"""One Home Assistant on loopback, set up without a hand over the interfaces that it has for that.

Reads: the root of environment.py. Writes: its configuration directory, and its journal as a file.
Never: loads `default_config`, whose integrations look for devices and reach out of the computer.
"""

import json
import signal
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from provisioning.free_ports import find_free_port
from tests.home_assistant.environment import VENV, make_command
from tests.home_assistant.home_socket import HomeSocket
from tests.home_assistant.journal import JournalEntry, parse_journal
from tests.waiting import wait_until

CONFIGURATION = """
homeassistant:
  name: House
  latitude: 44.43
  longitude: 26.10
  elevation: 80
  unit_system: metric
  currency: EUR
  country: RO
  time_zone: Europe/Bucharest
http:
  server_host: 127.0.0.1
  server_port: {port}
recorder:
  commit_interval: 1
config:
history:
energy:
logger:
  default: info
"""
OWNER = {"name": "Ada", "username": "ada", "password": "only in a test", "language": "en"}
START_S, STOP_S = 180.0, 60.0
Json = Any


class HomeError(Exception):
    """Home Assistant refused what was asked."""


class Home:
    """One house; `start` and `kill` may follow each other. `more`: of its configuration."""

    def __init__(self, root: Path, directory: Path, more: str = "") -> None:
        self._root = root
        self.port = find_free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.config = directory / "config"
        self.journal = directory / "home-assistant.log"
        self.config.mkdir(parents=True)
        text = CONFIGURATION.format(port=self.port) + more
        (self.config / "configuration.yaml").write_text(text)
        self._process: subprocess.Popen[bytes] | None = None
        self.token = ""
        self._login = ""

    def start(self) -> None:
        """Start it, and return when it answers and all of its parts are set up."""
        mount = f'mount --bind "{self.config}" "$0/mnt"; '
        hass = (f"{VENV}/bin/hass", "--config", "/mnt", "--skip-pip", "--log-no-color")
        with self.journal.open("ab") as out:
            self._process = subprocess.Popen(
                make_command(self._root, *hass, mounts=mount), stdout=out, stderr=out
            )
        wait_until(self._answers, "Home Assistant", START_S)
        if not self.token:
            self.token = self._make_owner()
        wait_until(self._is_running, "the end of Home Assistant's start", START_S)

    def kill(self) -> None:
        """As a power cut does."""
        self._stop(signal.SIGKILL)

    def close(self) -> None:
        self._stop(signal.SIGTERM)

    def _stop(self, number: int) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            try:
                self._process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process = None

    # --- set up ------------------------------------------------------------------------------

    def _make_owner(self) -> str:
        """The first user, and an access token of theirs that outlasts restarts."""
        client = f"{self.url}/"
        code = self.ask("/api/onboarding/users", {**OWNER, "client_id": client})["auth_code"]
        grant = {"grant_type": "authorization_code", "code": code, "client_id": client}
        self._login = self._ask_form("/auth/token", grant)["access_token"]
        wish = {"client_name": "tests", "lifespan": 365}
        with HomeSocket(self.url, self._login) as talk:
            return str(talk.call("auth/long_lived_access_token", **wish))

    def finish_onboarding(self) -> None:
        """The steps after the first user, which only that login may take; its pages ask them."""
        client = f"{self.url}/"
        where = {"client_id": client, "redirect_uri": client}
        for step, answer in (("core_config", {}), ("analytics", {}), ("integration", where)):
            self.ask(f"/api/onboarding/{step}", answer, self._login)

    def add_broker(self, port: int) -> None:
        """The MQTT integration, as a person adds it: a form, and its answer."""
        flows = "/api/config/config_entries/flow"
        form = self.ask(flows, {"handler": "mqtt", "show_advanced_options": False})
        done = self.ask(f"{flows}/{form['flow_id']}", {"broker": "127.0.0.1", "port": port})
        if done["type"] != "create_entry":
            raise HomeError(json.dumps(done))

    # --- questions ---------------------------------------------------------------------------

    def ask(self, path: str, body: Json = None, token: str = "") -> Json:
        """One request of its REST interface; a body makes it a POST."""
        data = None if body is None else json.dumps(body).encode()
        return self._request(path, data, "application/json", token or self.token)

    def open_socket(self) -> HomeSocket:
        return HomeSocket(self.url, self.token)

    def call(self, command: str, **values: Json) -> Json:
        """One command of its WebSocket interface."""
        with self.open_socket() as talk:
            return talk.call(command, **values)

    def read_states(self) -> dict[str, Json]:
        """Each entity's state document by its entity id."""
        return {one["entity_id"]: one for one in self.ask("/api/states")}

    def read_entities(self) -> list[Json]:
        """What its entity registry has of MQTT."""
        found = self.call("config/entity_registry/list")
        return [one for one in found if one["platform"] == "mqtt"]

    def read_devices(self) -> list[Json]:
        """What its device registry has of MQTT."""
        found = self.call("config/device_registry/list")
        return [one for one in found if any(kind == "mqtt" for kind, _ in one["identifiers"])]

    def read_journal(self) -> list[JournalEntry]:
        """All that it has said since the first start."""
        return parse_journal(self.journal.read_text(errors="replace"))

    def _ask_form(self, path: str, form: dict[str, str]) -> Json:
        data = urllib.parse.urlencode(form).encode()
        return self._request(path, data, "application/x-www-form-urlencoded")

    def _request(self, path: str, data: bytes | None, kind: str, token: str = "") -> Json:
        headers = {"Content-Type": kind}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        request = urllib.request.Request(self.url + path, data, headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise HomeError(f"{path}: {error.code} {error.read().decode()[:500]}") from error

    def _answers(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            raise HomeError(self.journal.read_text(errors="replace")[-2000:])
        try:
            self._request("/api/onboarding", None, "application/json")
        except OSError:
            time.sleep(0.2)
            return False
        return True

    def _is_running(self) -> bool:
        time.sleep(0.2)
        return bool(self.ask("/api/config")["state"] == "RUNNING")
