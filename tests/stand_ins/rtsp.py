"""Real cameras for tests: an RTSP server of its own process, and a wire that can be made bad.

`Cameras` runs provisioning/rtsp_cameras.py under Debian's Python; `freeze`, `thaw`, `kill` and
`start` are what happens to cameras. `Wire` is a TCP proxy before one of them: it can swallow what
the camera says, let only so many bytes a second pass, or flip bytes. `make_video` makes small ones.
"""

import re
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import av
import numpy as np
import pytest

from provisioning.free_ports import find_free_port
from tests.conftest import ROOT
from tests.waiting import wait_until

SYSTEM_PYTHON = "/usr/bin/python3"
SERVER = ROOT / "provisioning/rtsp_cameras.py"
NEEDED = "import gi; gi.require_version('GstRtspServer', '1.0')"


def find_missing() -> str:
    """Why there can be no RTSP server here; "" where there can."""
    if not Path(SYSTEM_PYTHON).exists():
        return f"there is no {SYSTEM_PYTHON}"
    done = subprocess.run([SYSTEM_PYTHON, "-c", NEEDED], capture_output=True, check=False)
    packages = "gir1.2-gst-rtsp-server-1.0 python3-gi gstreamer1.0-plugins-good, -bad"
    return f"Debian packages are missing: {packages}" if done.returncode else ""


WHY_NOT = find_missing()
Test = TypeVar("Test", bound=Callable[..., None])


def needs_server(test: Test) -> Test:
    """Mark a test that needs the server, and leave it out where there can be none."""
    test = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)(test)
    return pytest.mark.rtsp(test)  # type: ignore[no-any-return]


class Cameras:
    """One server with some cameras, each `name=video[+video]`."""

    def __init__(self, *cameras: str, options: tuple[str, ...] = ()) -> None:
        self.port = find_free_port()
        arguments = ["--port", str(self.port), "--stagger", "0", *options, *cameras]
        self._command = [SYSTEM_PYTHON, str(SERVER), *arguments]
        self._process: subprocess.Popen[str] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def url(self, name: str, login: str = "") -> str:
        return f"rtsp://{login}127.0.0.1:{self.port}/{name}"

    def start(self) -> None:
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(self._command, stdout=pipe, text=True)
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "READY\n"

    def freeze(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
        self._process = None


@contextmanager
def serving(*cameras: str, options: tuple[str, ...] = ()) -> Iterator[Cameras]:
    """A server that runs, and is gone afterwards."""
    server = Cameras(*cameras, options=options)
    server.start()
    try:
        yield server
    finally:
        server.kill()


class Wire:
    """A TCP proxy. What the camera says passes `bend`; set attributes to make the wire bad."""

    def __init__(self, port: int) -> None:
        self.swallows = False  # half-open: the connection stays, nothing comes
        self.bytes_per_s: float | None = None
        self.flips_every: int | None = None  # of so many bytes one is turned over
        self._to = port
        self._passed = 0
        self._ear = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._ear.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._ear.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._ear.accept()
                far = socket.create_connection(("127.0.0.1", self._to))
                for pump in ((near, far, False), (far, near, True)):
                    threading.Thread(target=self._pump, args=pump, daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, from_camera: bool) -> None:
        with suppress(OSError), source, sink:
            while data := source.recv(4096):
                if from_camera:
                    data = self.bend(data)
                if data:
                    sink.sendall(data)

    def bend(self, data: bytes) -> bytes:
        if self.swallows:
            return b""
        if self.bytes_per_s:
            time.sleep(len(data) / self.bytes_per_s)  # the wire's own pace, in its own thread
        if self.flips_every:
            bent = bytearray(data)
            for place in range(-self._passed % self.flips_every, len(bent), self.flips_every):
                bent[place] ^= 0x55
            self._passed += len(data)
            return bytes(bent)
        return data


class ClockWire(Wire):
    """A wire behind which the camera's clock runs at `speed`: RTP over RTSP (RFC 2326, 10.12)."""

    def __init__(self, port: int, speed: float) -> None:
        super().__init__(port)
        self._speed = speed
        self._first: int | None = None
        self._rest = b""

    def bend(self, data: bytes) -> bytes:
        """All whole messages and packets; a part of one waits for its rest."""
        self._rest += data
        whole = b""
        while size := self._find_size():
            whole += self._restamp(self._rest[:size])
            self._rest = self._rest[size:]
        return whole

    def _find_size(self) -> int:
        """The bytes of what comes next; 0 where it is not whole yet."""
        rest = self._rest
        if rest.startswith(b"$"):
            size = 4 + int.from_bytes(rest[2:4]) if len(rest) >= 4 else len(rest) + 1
        else:
            head, end, _ = rest.partition(b"\r\n\r\n")
            found = re.search(rb"(?i)content-length: *(\d+)", head)
            size = len(head + end) + int(found[1] if found else 0) if end else len(rest) + 1
        return size if size <= len(rest) else 0

    def _restamp(self, data: bytes) -> bytes:
        if not data.startswith(b"$\0"):  # channel 0: RTP, 1: RTCP
            return data
        stamp = int.from_bytes(data[8:12])
        self._first = stamp if self._first is None else self._first
        stamp = self._first + round((stamp - self._first) * self._speed)
        return data[:8] + (stamp % 2**32).to_bytes(4) + data[12:]


@contextmanager
def wire_to(port: int, clock_speed: float | None = None) -> Iterator[Wire]:
    wire = ClockWire(port, clock_speed) if clock_speed else Wire(port)
    try:
        yield wire
    finally:
        wire.close()


def make_video(
    path: Path,
    size: tuple[int, int] = (160, 120),
    codec: str = "libx264",
    rate: int = 10,
    seconds: float = 4.0,
    key_every: int = 10,
    options: Mapping[str, str] | None = None,
) -> Path:
    """A video of noise with a bar that wanders, without B-frames, as cameras send it."""
    width, height = size
    random = np.random.default_rng(7)
    still = random.integers(60, 180, (height, width, 3), dtype=np.uint8)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        quiet = {"x265-params": "log-level=none"} if codec == "libx265" else {}
        stream.options = {"g": str(key_every), "bf": "0", "tune": "zerolatency"} | quiet
        stream.options |= dict(options or {})
        for number in range(int(rate * seconds)):
            picture = still.copy()
            picture[:, number * 3 % width : number * 3 % width + 8] = 255
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    return path


def free_threads(name: str) -> int:
    """How many threads of that name run in this process."""
    return sum(thread.name == name for thread in threading.enumerate())


def wait_for_threads(name: str, most: int, timeout_s: float = 60.0) -> None:
    wait_until(lambda: free_threads(name) <= most, f"the end of threads {name!r}", timeout_s)
