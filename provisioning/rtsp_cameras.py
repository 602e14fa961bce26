"""Simulated network cameras: video files as RTSP streams, in endless loops and at their own pace.

Reads: video files with H.264 or H.265, by their packets. Writes: RTSP, on this computer only.
Never: imports anything of ours, encodes, or is part of a unit. Runs under Debian's own Python:

    /usr/bin/python3 provisioning/rtsp_cameras.py --port 8554 front=walk.mp4 gate=yard.mp4

serves rtsp://127.0.0.1:8554/front and .../gate. It behaves like cameras do:

* What is shown does not depend on the clients: a video runs on without any, each at an offset
  of its own (`--stagger`). A new client gets a key frame first.
* All clients of one camera share one stream. Over TCP or UDP, as the client asks.
* `NAME=A.mp4+B.mp4` plays one video after the other: size, rate and key frame distance may differ,
  which is what a camera does whose settings are changed.
* `--user` with `--password-file` may watch what `--protect NAME` (repeatable) names; others get
  401 there, and a challenge for a digest.
* `--tls` takes a certificate: then all is RTSP over TLS (rtsps://).
* SIGSTOP freezes all cameras, SIGCONT brings them back, SIGTERM ends them. READY is printed when
  connections are accepted.
"""

import argparse
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
    gi.require_version("GstRtsp", "1.0")
    gi.require_version("GstRtspServer", "1.0")
    from gi.repository import Gio, GLib, Gst, GstApp, GstRtsp, GstRtspServer
except (ImportError, ValueError) as missing:
    sys.exit(f"simulated cameras need Debian packages ({missing}): apt install {PACKAGES}")

KINDS = ("h264", "h265")
FORM = "video/x-{kind},stream-format=byte-stream,alignment=au"
READ = f"filesrc name=file ! qtdemux ! {{kind}}parse config-interval=-1 ! {FORM} ! appsink name=out"
SEND = (
    "( appsrc name=video is-live=true format=time block=false max-bytes=0 max-time=400000000 "
    f"caps={FORM} ! {{kind}}parse ! rtp{{kind}}pay name=pay0 pt=96 )"
)
ANYBODY, OWNER = "anybody", "owner"
assert GstApp  # its import teaches appsrc and appsink their methods


@dataclass(frozen=True)
class Packet:
    """One picture as it is sent; times in nanoseconds since the start of the whole video."""

    data: bytes
    pts: int
    dts: int
    is_key: bool


class VideoPackets:
    """The packets of one or more files, one after the other."""

    def __init__(self, paths: list[str]) -> None:
        self.packets: list[Packet] = []
        self.length = 0
        self.kind = ""
        for path in paths:
            self._read(path)

    def find_start(self, at: int) -> int:
        """The index of the last key frame before time `at` of the video."""
        earlier = (i for i, p in enumerate(self.packets) if p.is_key and p.dts <= at)
        return max(earlier, default=0)

    def _read(self, path: str) -> None:
        kinds = [self.kind] if self.kind else KINDS
        samples, kind = next(((s, k) for k in kinds if (s := read_samples(path, k))), ([], ""))
        if not samples:
            sys.exit(f"{path} cannot be a camera: it must be an MP4 of H.264 or H.265, one kind")
        self.kind = kind
        times = sorted(pts for _, pts, _ in samples)
        usual = (times[-1] - times[0]) // max(1, len(times) - 1)
        for number, (data, pts, is_key) in enumerate(samples):
            shown, sent = pts - times[0], times[number] - times[0]
            packet = Packet(data, self.length + shown, self.length + sent, is_key)
            self.packets.append(packet)
        self.length += times[-1] - times[0] + usual


def read_samples(path: str, kind: str) -> list[tuple[bytes, int, bool]]:
    """(data, time shown, is key frame) of each packet of an MP4; none where it is no `kind`."""
    pipeline = Gst.parse_launch(READ.format(kind=kind))
    pipeline.get_by_name("file").set_property("location", path)
    sink = pipeline.get_by_name("out")
    sink.props.sync = False
    pipeline.set_state(Gst.State.PLAYING)
    samples = []
    over = Gst.MessageType.ERROR | Gst.MessageType.EOS
    while True:
        sample = sink.try_pull_sample(20 * Gst.MSECOND)
        if sample is None:
            if pipeline.get_bus().pop_filtered(over):
                break
            continue
        buffer = sample.get_buffer()
        is_key = not buffer.has_flags(Gst.BufferFlags.DELTA_UNIT)
        samples.append((buffer.extract_dup(0, buffer.get_size()), buffer.pts, is_key))
    pipeline.set_state(Gst.State.NULL)
    return samples


class Player:
    """Feeds one stream from the video, from its present place when the first client connects."""

    def __init__(self, video: VideoPackets, source: Any, offset: int) -> None:
        self._video = video
        self._source = source
        self._next = video.find_start((time.monotonic_ns() + offset) % video.length)
        self._shift = -video.packets[self._next].dts
        source.connect("need-data", self._give)

    def _give(self, *_: object) -> None:
        packet = self._video.packets[self._next]
        buffer = Gst.Buffer.new_wrapped(packet.data)
        buffer.pts = packet.pts + self._shift
        buffer.dts = packet.dts + self._shift
        if not packet.is_key:
            buffer.set_flags(Gst.BufferFlags.DELTA_UNIT)
        self._next += 1
        if self._next == len(self._video.packets):
            self._next = 0
            self._shift += self._video.length
        self._source.push_buffer(buffer)


def add_camera(server: Any, name: str, video: VideoPackets, offset: int, protected: bool) -> None:
    """Serve `video` at /NAME; only to the owner where it is protected."""
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(SEND.format(kind=video.kind))
    factory.set_shared(True)
    factory.set_latency(0)
    permissions = GstRtspServer.RTSPPermissions()
    for role, may in ((OWNER, True), (ANYBODY, not protected)):
        permissions.add_role(role)
        # who may "access" but not "construct" is asked for a password; others see no such stream
        for right, granted in (("access", True), ("construct", may)):
            permissions.add_permission_for_role(role, f"media.factory.{right}", granted)
    factory.set_permissions(permissions)

    def configure(_factory: Any, media: Any) -> None:
        source = media.get_element().get_by_name_recurse_up("video")
        media.player = Player(video, source, offset)

    factory.connect("media-configure", configure)
    server.get_mount_points().add_factory(f"/{name}", factory)


def add_owner(server: Any, user: str, password: str) -> None:
    """Who may watch protected cameras; the others are anybody's."""
    auth = GstRtspServer.RTSPAuth()
    auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
    auth.add_digest(user, password, make_token(OWNER))
    auth.set_default_token(make_token(ANYBODY))
    server.set_auth(auth)


def encrypt(server: Any, certificate: str) -> None:
    """Speak RTSP over TLS only (rtsps://), with the certificate and key of one PEM file."""
    auth = server.get_auth() or GstRtspServer.RTSPAuth()
    auth.set_tls_certificate(Gio.TlsCertificate.new_from_file(certificate))
    auth.set_default_token(make_token(ANYBODY))
    server.set_auth(auth)


def make_token(role: str) -> Any:
    made = GstRtspServer.RTSPToken()
    made.set_string("media.factory.role", role)
    return made


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Video files as RTSP cameras.")
    parser.add_argument("cameras", nargs="+", metavar="NAME=FILE[+FILE...]")
    parser.add_argument("--port", default="8554")
    parser.add_argument("--stagger", type=float, default=5.0, help="seconds between the offsets")
    parser.add_argument("--user", default="", help="who may watch protected cameras")
    parser.add_argument("--password-file", type=Path, help="with the password in one line")
    parser.add_argument("--tls", default="", metavar="PEM", help="certificate and key: rtsps://")
    parser.add_argument("--protect", action="append", default=[], metavar="NAME")
    return parser.parse_args()


def main() -> None:
    """Serve until a signal ends it."""
    args = parse_arguments()
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(args.port)
    for number, text in enumerate(args.cameras):
        name, _, files = text.partition("=")
        offset = int(number * args.stagger * 1e9)
        add_camera(server, name, VideoPackets(files.split("+")), offset, name in args.protect)
    if args.user:
        add_owner(server, args.user, args.password_file.read_text().strip())
    if args.tls:
        encrypt(server, args.tls)
    if not server.attach(None):
        sys.exit(f"port {args.port} is taken: name another with --port")
    print("READY", flush=True)
    GLib.MainLoop().run()


if __name__ == "__main__":
    main()
