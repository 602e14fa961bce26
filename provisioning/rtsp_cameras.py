"""Simulated network cameras: video files as RTSP streams, in endless loops and at their own pace.

Reads: video files with H.264 or H.265, by their packets. Writes: RTSP, on this computer only.
Never: imports anything of ours, encodes, or is part of a unit. Runs under Debian's own Python:

    /usr/bin/python3 provisioning/rtsp_cameras.py --port 8554 front=walk.mp4 gate=yard.mp4

serves rtsp://127.0.0.1:8554/front and .../gate. It behaves like cameras do:

* What is shown does not depend on who watches: a film runs on while nobody does, each at an offset
  of its own (`--stagger`). Who connects gets a key frame first.
* All who watch one camera share one stream. Over TCP or UDP, as the client asks.
* `NAME=A.mp4+B.mp4` plays one film after the other: size, rate and key frame distance may differ,
  which is what a camera does whose settings are changed.
* `--user` with `--password-file` asks for a digest, `--protect NAME` (repeatable) only at that one.
* SIGSTOP freezes all cameras, SIGCONT brings them back, SIGTERM ends them. READY is printed when
  connections are taken.
"""

import argparse
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PACKAGES = (
    "gir1.2-gst-rtsp-server-1.0 gir1.2-gst-plugins-base-1.0 python3-gi gstreamer1.0-plugins-good "
    "gstreamer1.0-plugins-bad"
)
try:
    import gi

    gi.require_version("Gst", "1.0")
    gi.require_version("GstApp", "1.0")
    gi.require_version("GstRtspServer", "1.0")
    from gi.repository import GLib, Gst, GstApp, GstRtspServer
except (ImportError, ValueError) as missing:
    sys.exit(f"simulated cameras need Debian packages ({missing}): apt install {PACKAGES}")

KINDS = {"video/x-h264": ("h264parse", "rtph264pay"), "video/x-h265": ("h265parse", "rtph265pay")}
READ = "filesrc name=file ! parsebin ! appsink name=out sync=false max-buffers=0"
SEND = (
    "( appsrc name=film is-live=true format=time block=false max-bytes=0 max-time=400000000 "
    "! {parse} ! {pay} name=pay0 pt=96 config-interval=-1 )"
)
LOOK_EVERY_MS = 200


@dataclass(frozen=True)
class Packet:
    """One picture as it is sent; times in nanoseconds since the start of the whole film."""

    data: bytes
    pts: int
    dts: int
    is_key: bool


class Film:
    """The packets of one or more files, one after the other."""

    def __init__(self, paths: list[str]) -> None:
        self.packets: list[Packet] = []
        self.length = 0
        self.kind = ""
        for path in paths:
            self._read(path)

    def start(self, at: int) -> int:
        """The index of the last key frame before time `at` of the film."""
        earlier = (i for i, p in enumerate(self.packets) if p.is_key and p.dts <= at)
        return max(earlier, default=0)

    def _read(self, path: str) -> None:
        samples, kind = read_samples(path)
        if not samples or kind not in KINDS or self.kind not in ("", kind):
            sys.exit(f"{path} cannot be a camera: it must hold H.264 or H.265, and one kind only")
        self.kind = kind
        times = sorted(pts for _, pts, _ in samples)
        usual = (times[-1] - times[0]) // max(1, len(times) - 1)
        for number, (data, pts, is_key) in enumerate(samples):
            begun = self.length
            self.packets.append(
                Packet(data, begun + pts - times[0], begun + times[number] - times[0], is_key)
            )
        self.length += times[-1] - times[0] + usual


def read_samples(path: str) -> tuple[list[tuple[bytes, int, bool]], str]:
    """(data, time shown, is key frame) of each packet, as byte stream, and the kind of video."""
    pipeline = Gst.parse_launch(READ)
    pipeline.get_by_name("file").set_property("location", path)
    sink = pipeline.get_by_name("out")
    forms = ";".join(f"{kind},stream-format=byte-stream,alignment=au" for kind in KINDS)
    sink.set_property("caps", Gst.Caps.from_string(forms))
    pipeline.set_state(Gst.State.PLAYING)
    samples, kind = [], ""
    while (sample := sink.try_pull_sample(5 * Gst.SECOND)) is not None:
        buffer = sample.get_buffer()
        kind = sample.get_caps().get_structure(0).get_name()
        is_key = not buffer.has_flags(Gst.BufferFlags.DELTA_UNIT)
        samples.append((buffer.extract_dup(0, buffer.get_size()), buffer.pts, is_key))
    pipeline.set_state(Gst.State.NULL)
    return samples, kind


class Player:
    """Feeds one stream from the film, from where the film is when somebody begins to watch."""

    def __init__(self, film: Film, source: Any, offset: int) -> None:
        self._film = film
        self._source = source
        self._next = film.start((time.monotonic_ns() + offset) % film.length)
        self._shift = -film.packets[self._next].dts
        source.connect("need-data", self._give)

    def _give(self, *_: object) -> None:
        packet = self._film.packets[self._next]
        buffer = Gst.Buffer.new_wrapped(packet.data)
        buffer.pts = packet.pts + self._shift
        buffer.dts = packet.dts + self._shift
        if not packet.is_key:
            buffer.set_flags(Gst.BufferFlags.DELTA_UNIT)
        self._next += 1
        if self._next == len(self._film.packets):
            self._next = 0
            self._shift += self._film.length
        self._source.push_buffer(buffer)


def add_camera(server: Any, name: str, film: Film, offset: int, role: str | None) -> None:
    """Serve `film` at /NAME; only to `role` where one is given."""
    parse, pay = KINDS[film.kind]
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(SEND.format(parse=parse, pay=pay))
    factory.set_shared(True)
    factory.set_latency(0)
    permissions = GstRtspServer.RTSPPermissions()
    for allowed in (role or "anonymous", "owner"):
        permissions.add_role(allowed)
        permissions.add_permission_for_role(allowed, "media.factory.access", True)
        permissions.add_permission_for_role(allowed, "media.factory.construct", True)
    factory.set_permissions(permissions)

    def configure(_factory: Any, media: Any) -> None:
        source = media.get_element().get_by_name_recurse_up("film")
        source.set_property("caps", Gst.Caps.from_string(f"{film.kind},stream-format=byte-stream"))
        media.player = Player(film, source, offset)

    factory.connect("media-configure", configure)
    server.get_mount_points().add_factory(f"/{name}", factory)


def add_users(server: Any, user: str, password: str) -> None:
    """Who may watch protected cameras; the others are anybody's."""
    auth = GstRtspServer.RTSPAuth()
    auth.set_supported_methods(GstRtspServer.rtsp.RTSPAuthMethod.DIGEST)
    owner = GstRtspServer.RTSPToken()
    owner.set_string("media.factory.role", "owner")
    auth.add_digest(user, password, owner)
    anybody = GstRtspServer.RTSPToken()
    anybody.set_string("media.factory.role", "anonymous")
    auth.set_default_token(anybody)
    server.set_auth(auth)


def main() -> None:
    parser = argparse.ArgumentParser(description="Video files as RTSP cameras.")
    parser.add_argument("cameras", nargs="+", metavar="NAME=FILE[+FILE...]")
    parser.add_argument("--port", default="8554")
    parser.add_argument("--stagger", type=float, default=5.0, help="seconds between the offsets")
    args = parser.parse_args()
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(args.port)
    for number, text in enumerate(args.cameras):
        name, _, files = text.partition("=")
        add_camera(server, name, Film(files.split("+")), int(number * args.stagger * 1e9), None)
    if not server.attach(None):
        sys.exit(f"port {args.port} is taken")
    loop = GLib.MainLoop()
    print("READY", flush=True)
    loop.run()


if __name__ == "__main__":
    main()
