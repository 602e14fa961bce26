"""A real Chromium for tests of the page, driven over its DevTools pipe; no other library.

It starts the Debian package's browser without a window and without a network of its own. Requests
and messages of the page are kept, so that a test can ask what the page asked for.
"""

import fcntl
import itertools
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

PROGRAM = shutil.which("chromium")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)

LEFT = ("Inspected target navigated or closed", "Execution context was destroyed.")
MOST_PAGES = 5


class LeftError(AssertionError):
    """The page was left while it was asked something."""


def start(profile: Path, reads: int, writes: int) -> subprocess.Popen[bytes]:
    """The browser, reading commands from descriptor 3 and writing answers to 4, as it expects."""
    high = [fcntl.fcntl(descriptor, fcntl.F_DUPFD, 10) for descriptor in (reads, writes)]
    script = f'exec "$@" 3<&{high[0]} 4>&{high[1]}'
    process = subprocess.Popen(
        ["bash", "-c", script, "bash", str(PROGRAM), *FLAGS, f"--user-data-dir={profile}"],
        pass_fds=high,
        stderr=subprocess.DEVNULL,
    )
    for descriptor in high:
        os.close(descriptor)
    return process


class Browser:
    """One browser with one page; `close()` ends it."""

    def __init__(self, profile: Path, width: int = 390, height: int = 844) -> None:
        from_us, self._to = os.pipe()
        self._from, to_us = os.pipe()
        self._ids = itertools.count(1)
        self._left = b""
        self.requests: list[str] = []
        self.problems: list[str] = []
        self._process = start(profile, from_us, to_us)
        os.close(from_us)
        os.close(to_us)
        self._session: str | None = None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")
        self.resize(width, height)

    def resize(self, width: int, height: int, scale: float = 1.0) -> None:
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=scale,
            mobile=width < 600,
        )

    def prefer(self, scheme: str) -> None:
        """The system's wish: "light" or "dark"."""
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.call("Emulation.setEmulatedMedia", features=[feature])

    def open(self, url: str) -> None:
        self.call("Page.navigate", url=url)

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression in the page; promises are awaited. None where the
        expression itself left the page, as a click and `history.back()` may before they answer.
        """
        try:
            return self._evaluate(expression)
        except LeftError:
            return None

    def _evaluate(self, expression: str) -> Any:
        answer = self.call(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in answer:
            raise AssertionError(answer["exceptionDetails"])
        return answer["result"].get("value")

    def wait_for(self, condition: str, within_s: float = 60.0) -> None:
        """Return once the JavaScript `condition` holds in the page; it is asked by the browser, and
        again in the next page where that one is left meanwhile.
        """
        for _ in range(MOST_PAGES):
            try:
                self._wait_in_page(condition, within_s)
            except LeftError:
                continue
            return
        raise AssertionError(f"the page is left again and again before {condition}")

    def _wait_in_page(self, condition: str, within_s: float) -> None:
        self._evaluate(
            f"""new Promise((done, fail) => {{
                const end = Date.now() + {within_s * 1000};
                const look = () => {{
                    let holds = false;
                    try {{ holds = {condition}; }} catch {{}}
                    if (holds) done(true);
                    else if (Date.now() > end) fail(new Error({json.dumps(condition)}));
                    else setTimeout(look, 50);
                }};
                look();
            }})"""
        )

    def call(self, method: str, **parameters: Any) -> Any:
        """One DevTools command; returns its result."""
        number = next(self._ids)
        message: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            received = self._receive()
            if received.get("id") == number:
                if received.get("error", {}).get("message") in LEFT:
                    raise LeftError
                assert "error" not in received, received
                return received["result"]
            self._note(received)

    def close(self) -> None:
        os.close(self._to)
        os.close(self._from)
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _receive(self) -> Any:
        while b"\0" not in self._left:
            read = os.read(self._from, 1 << 20)
            assert read, "the browser went away"
            self._left += read
        line, self._left = self._left.split(b"\0", 1)
        return json.loads(line)

    def _note(self, message: Any) -> None:
        method, parameters = message.get("method"), message.get("params", {})
        if method == "Network.requestWillBeSent":
            self.requests.append(parameters["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            self.problems.append(json.dumps(parameters["exceptionDetails"]))
        elif method == "Log.entryAdded" and parameters["entry"]["source"] in (
            "security",
            "violation",
        ):
            self.problems.append(parameters["entry"]["text"])
