"""A DDI server with behaviour, on loopback: targets, actions and feedback as hawkBit keeps them.

    with DdiServer() as server:
        number = server.deploy("2026.11.1")
        server.actions[number].state          # "running", then "finished" or "error"

Reads and writes: nothing outside of memory. Written from hawkBit's documents and sources: it shares
no code with the unit.
Never: waits; a fault is one field: `status`, `body`, `is_gone`, `loses_answers`.
"""

import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

TENANT, UNIT = "DEFAULT", "u1"
PLACE = re.compile(rf"/{TENANT}/controller/v1/{UNIT}(/.*)?")
ACTION = re.compile(r"/(deploymentBase|confirmationBase|cancelAction)/(\d+)(/feedback)?(\?.*)?")
ENDS = {"success": "finished", "none": "finished", "failure": "error"}
ACTIVE = ("confirm", "running", "canceling")


@dataclass
class SimulatedAction:
    """`told`: the statuses that the unit has sent, oldest first."""

    number: int
    deployment: dict[str, Any]
    state: str = "running"
    told: list[dict[str, Any]] = field(default_factory=list)

    @property
    def executions(self) -> list[str]:
        return [one.get("execution", one.get("confirmation", "")) for one in self.told]

    @property
    def details(self) -> str:
        return "\n".join(line for one in self.told for line in one.get("details", ()))


class DdiServer:
    """`token`: what must stand in Authorization, "" for anything. `status`: answered to all,
    `feedback_status`: to each feedback, `body`: with 200 to each GET. `is_gone`: nothing is
    answered. `loses_answers`: it takes what is posted and the link breaks before its answer.
    `on_feedback` hears each.
    """

    def __init__(self) -> None:
        self.actions: dict[int, SimulatedAction] = {}
        self.asked: list[tuple[str, str]] = []
        self.sleep, self.token, self.mark = "00:05:00", "", "?c=-101"
        self.attributes: dict[str, str] = {}
        self.wants_attributes = False
        self.installed: list[tuple[str, str]] = []
        self.knows_distributions = True
        self.status, self.headers, self.body = 0, dict[str, str](), b""
        self.feedback_status = 0
        self.is_gone = self.loses_answers = False
        self.on_feedback: Callable[[dict[str, Any]], None] = lambda _: None
        self.http = QuietServer(("127.0.0.1", 0), partial(Handler, self))
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.http.server_port}"

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.http.shutdown()
        self.http.server_close()

    def count(self, method: str) -> int:
        return sum(1 for one, _ in self.asked if one == method)

    # --- what an operator does -------------------------------------------------------------------

    def deploy(
        self,
        release: str,
        *,
        manifest_sha256: str = "",
        download: str = "forced",
        update: str = "forced",
        asks: bool = False,
    ) -> int:
        """A distribution set for the unit; one before it is cancelled, as hawkBit does. `asks`: it
        must be confirmed first.
        """
        for old in self.actions.values():
            if old.state in ACTIVE:
                old.state = "canceling"
        number = 100 + len(self.actions)
        artifact = {
            "filename": "manifest.json" if manifest_sha256 else "firmware.bin",
            "hashes": {"sha1": "ab" * 20, "md5": "ab" * 16, "sha256": manifest_sha256 or "cd" * 32},
            "size": 11,
            "_links": {"download": {"href": f"{self.address}/nowhere"}},
        }
        chunk = {"part": "os", "version": release, "name": "unit", "artifacts": [artifact]}
        deployment = {"download": download, "update": update, "chunks": [chunk]}
        state = "confirm" if asks else "running"
        self.actions[number] = SimulatedAction(number, deployment, state)
        return number

    def cancel(self, number: int) -> None:
        self.actions[number].state = "canceling"

    # --- what the unit asks ----------------------------------------------------------------------

    def answer(self, method: str, path: str, data: dict[str, Any]) -> tuple[int, Any]:
        found = PLACE.fullmatch(path)
        if not found:
            return 404, {}
        rest = found[1] or ""
        if not rest:
            return 200, self.poll()
        if rest == "/configData" and method == "PUT":
            self.attributes |= data["data"]
            self.wants_attributes = False
            return 200, {}
        if rest == "/installedBase" and method == "PUT":
            return self.take_installed(data)
        return self.answer_action(method, rest, data)

    def poll(self) -> dict[str, Any]:
        active = [one for one in self.actions.values() if one.state in ACTIVE]
        names = {"confirm": "confirmationBase", "canceling": "cancelAction"}
        links = {}
        if active:
            name = names.get(active[0].state, "deploymentBase")
            mark = "" if name == "cancelAction" else self.mark
            links[name] = {"href": self.find_address(f"{name}/{active[0].number}{mark}")}
        if self.wants_attributes:
            links["configData"] = {"href": self.find_address("configData")}
        return {"config": {"polling": {"sleep": self.sleep}}, "_links": links}

    def find_address(self, tail: str) -> str:
        """As behind a proxy that nobody has told of: of no use to anybody."""
        return f"http://hawkbit.internal:8080/{TENANT}/controller/v1/{UNIT}/{tail}"

    def take_installed(self, data: dict[str, Any]) -> tuple[int, Any]:
        if not self.knows_distributions:
            return 404, {}
        self.installed.append((data["name"], data["version"]))
        return 201, {}

    def answer_action(self, method: str, rest: str, data: dict[str, Any]) -> tuple[int, Any]:
        found = ACTION.fullmatch(rest)
        action = self.actions.get(int(found[2])) if found else None
        if found is None or action is None:
            return 404, {}
        base, is_feedback = found[1], bool(found[3])
        if method == "GET" and not is_feedback:
            return self.describe(action, base)
        if not is_feedback:
            return 405, {}
        if self.feedback_status:
            return self.feedback_status, {}
        return self.take_feedback(action, base, data), {}

    def describe(self, action: SimulatedAction, base: str) -> tuple[int, Any]:
        number = str(action.number)
        if base == "cancelAction" and action.state == "canceling":
            return 200, {"id": number, "cancelAction": {"stopId": number}}
        if base == "confirmationBase" and action.state == "confirm":
            return 200, {"id": number, "confirmation": action.deployment}
        if base == "deploymentBase" and action.state == "running":
            return 200, {"id": number, "deployment": action.deployment}
        return 404, {}

    def take_feedback(self, action: SimulatedAction, base: str, data: dict[str, Any]) -> int:
        if action.state not in ACTIVE:
            return 410
        status = data if base == "confirmationBase" else data["status"]
        action.told.append(status)
        self.on_feedback(status)
        if base == "confirmationBase":
            action.state = "running" if status["confirmation"] == "confirmed" else "confirm"
        elif base == "cancelAction":
            states = {"closed": "canceled", "rejected": "running"}
            action.state = states.get(status["execution"], action.state)
        elif status["execution"] == "closed":
            action.state = ENDS[status["result"]["finished"]]
        return 200


class QuietServer(ThreadingHTTPServer):
    """A client that goes is no news."""

    def handle_error(self, *_: object) -> None:
        pass


class Handler(BaseHTTPRequestHandler):
    """One connection of a unit."""

    protocol_version = "HTTP/1.1"
    timeout = 5

    def __init__(self, server: DdiServer, *words: Any) -> None:
        self.rig = server
        super().__init__(*words)

    def do_GET(self) -> None:
        self.handle_any()

    def do_POST(self) -> None:
        self.handle_any()

    def do_PUT(self) -> None:
        self.handle_any()

    def handle_any(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        data = json.loads(self.rfile.read(length)) if length else {}
        if self.rig.is_gone:
            self.close_connection = True
            return
        self.rig.asked.append((self.command, self.path))
        status, tree = self.find_answer(data)
        if self.rig.loses_answers and self.command == "POST":
            self.close_connection = True
            return
        body = self.rig.body if self.rig.body and self.command == "GET" else b""
        self.send(status, body or json.dumps(tree).encode())

    def find_answer(self, data: dict[str, Any]) -> tuple[int, Any]:
        if self.rig.status:
            return self.rig.status, {}
        if self.rig.token and self.headers.get("Authorization") != self.rig.token:
            return 401, {}
        return self.rig.answer(self.command, self.path, data)

    def send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        for name, value in self.rig.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass
