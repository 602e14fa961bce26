"""Live cameras: threads, silence, gathering; then real streams from a real server."""

import http.server
import threading
import time
from collections.abc import Iterator
from fractions import Fraction

import av
import pytest

from appliance.errors import CameraError
from appliance.sections.cameras import CameraSettings, Transport
from sensors.camera.sources.decoder import decode, new_decoder
from sensors.camera.sources.live import READER, LiveStream, ReadersHang, Target
from sensors.camera.sources.opening import Opener
from sensors.camera.sources.source import EncodedPacket
from tests.conftest import CLIP
from tests.stand_ins.clocked_camera import CLOCKS, ClockedCamera
from tests.stand_ins.rtsp import (
    Cameras,
    free_threads,
    make_video,
    needs_server,
    serving,
    wait_for_threads,
)
from tests.waiting import wait_until

# --- threads --------------------------------------------------------------------------------------


def test_threads_that_never_come_back_end_the_process() -> None:
    go_on = threading.Event()

    def hang() -> Target:
        go_on.wait(30)
        return Target("rtsp://127.0.0.1:1/", "rtsp", {})

    def open_and_close() -> None:
        for _ in range(20):
            LiveStream("rtsp://camera", hang, lambda packet: None).close()

    try:
        with pytest.raises(ReadersHang, match="connections to the camera do not end"):
            open_and_close()
    finally:
        go_on.set()
        wait_for_threads(READER, 0)


def silent(packets: int, every_s: float) -> LiveStream:
    """A live camera that sent so many packets and then nothing more; its clock stands at 100."""
    over = threading.Event()

    def find() -> Target:
        over.wait(1)
        raise CameraError("it is over")

    live = LiveStream("rtsp://camera", find, lambda packet: None, lambda: 100.0)
    over.set()
    wait_for_threads(READER, 0)
    live._lost = ""
    for number in range(packets):
        live._rate.add(1000, 100.0 - (packets - number) * every_s)
    return live


@pytest.mark.parametrize(
    ("packets", "every_s", "longest_s"), [(100, 0.04, 2.0), (40, 1.5, 6.0), (1, 1.0, 8.0)]
)
def test_silence_is_judged_by_how_often_a_camera_usually_sends(
    packets: int, every_s: float, longest_s: float
) -> None:
    live = silent(packets, every_s)
    now_s = 100.0
    while now_s < 100 + longest_s - 0.1:
        now_s += 0.05
        live.advance(now_s)
    with pytest.raises(CameraError, match="has sent nothing for"):
        live.advance(now_s + 0.3)


def test_a_process_that_slept_itself_does_not_blame_the_camera() -> None:
    live = silent(100, 0.04)
    live.advance(101.0)
    live.advance(130.0)
    live.advance(131.0)
    with pytest.raises(CameraError, match="has sent nothing for"):
        live.advance(132.2)


# --- gathering ------------------------------------------------------------------------------------


def test_packets_are_collected_for_as_long_as_ordered_and_none_falls_behind() -> None:
    camera = ClockedCamera(CLOCKS["exact"], most_gathered_s=0.5)
    lag = camera.play(40.0)
    assert 50 < len(camera.naps_s) < 90  # the first seconds are for the rate
    assert set(camera.naps_s) == {0.5}
    assert lag.packets >= 40 * 25 - 13
    assert lag.future_s <= 0
    assert lag.dated_s <= 0.01  # picture times are those of sending, not of reading


def test_more_than_the_kernel_holds_is_never_let_gather() -> None:
    camera = ClockedCamera(CLOCKS["exact"], most_gathered_s=0.5, size_bytes=40_000)  # 8 Mbit/s
    camera.play(40.0)
    assert max(camera.naps_s) * 25 * 40_000 <= 64 * 1024 * 1.02


def test_nothing_gathers_where_somebody_follows_or_time_stamps_are_none() -> None:
    followed = ClockedCamera(CLOCKS["exact"], most_gathered_s=0.0)
    followed.play(20.0)
    without_times = ClockedCamera(CLOCKS["exact"], has_times=False)
    without_times.play(20.0)
    assert (followed.naps_s, without_times.naps_s) == ([], [])


# --- real streams ---------------------------------------------------------------------------------


class Listener:
    """Opens a camera and keeps what it says."""

    def __init__(self, source: str, transport: Transport = Transport.TCP) -> None:
        self.received: list[EncodedPacket] = []
        self.arrived_s: list[float] = []
        own = CameraSettings(source=source, transport=transport, allow_local=True)
        self.camera = Opener(own)(self._receive)

    def _receive(self, packet: EncodedPacket) -> None:
        self.received.append(packet)
        self.arrived_s.append(time.monotonic())

    def wait(self, packets: int) -> None:
        def there() -> bool:
            try:
                self.camera.advance(time.monotonic())
            except CameraError as error:  # on a busy computer; it goes on connecting
                if "has sent nothing" not in str(error):
                    raise
            return len(self.received) >= packets

        try:
            wait_until(there, f"{packets} packets", 60)
        except TimeoutError:
            self.camera.close()
            raise

    def sizes(self) -> list[tuple[int, int]]:
        """The size of each key frame, decoded with what its packet says of its codec."""
        found = []
        for packet in list(self.received):
            if packet.is_key:
                decoder = new_decoder(packet.codec)
                frames = [*decode(decoder, packet.av_packet), *decode(decoder, None)]
                found += [(frame.width, frame.height) for frame in frames]
        return found


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cameras]:
    place = tmp_path_factory.mktemp("videos")
    small = make_video(place / "small.mp4", seconds=2)
    large = make_video(place / "large.mp4", (320, 240), seconds=2, key_every=5)
    hevc = make_video(place / "hevc.mp4", codec="libx265", rate=15)
    steady = "nal-hrd=cbr:bitrate=400:vbv-maxrate=400:vbv-bufsize=40"
    cbr = make_video(place / "cbr.mp4", rate=25, options={"x264-params": steady})
    videos = f"front={CLIP}", f"changing={small}+{large}", f"hevc={hevc}", f"cbr={cbr}"
    with serving(*videos) as cameras:
        yield cameras


@needs_server
@pytest.mark.parametrize("transport", [Transport.TCP, Transport.UDP])
def test_a_camera_plays_and_its_pictures_can_be_decoded(
    server: Cameras, transport: Transport
) -> None:
    listener = Listener(server.url("front"), transport)
    listener.wait(36)
    listener.camera.close()
    assert transport is Transport.UDP or listener.received[0].is_key
    assert listener.sizes()[0] == (768, 576)
    late_s = [
        arrived_s - packet.media_s
        for packet, arrived_s in zip(listener.received, listener.arrived_s, strict=True)
    ]
    assert min(late_s) >= 0
    stream = listener.camera.stream
    assert stream is not None
    assert stream.startswith("h264 768x576, ")
    assert stream.endswith("kbit/s")
    assert 8 < float(stream.split(", ")[1].split()[0]) < 12


@needs_server
@pytest.mark.parametrize(("name", "codec"), [("hevc", "hevc"), ("cbr", "h264")])
def test_h265_and_constant_bit_rates_play(server: Cameras, name: str, codec: str) -> None:
    listener = Listener(server.url(name))
    listener.wait(30)
    listener.camera.close()
    assert listener.received[-1].codec.name == codec
    assert (160, 120) in listener.sizes()


@needs_server
def test_a_new_size_and_key_frame_distance_in_mid_stream_is_a_new_codec(server: Cameras) -> None:
    listener = Listener(server.url("changing"))
    listener.wait(45)
    listener.camera.close()
    codecs = list(dict.fromkeys(packet.codec for packet in listener.received))
    assert len(codecs) == 2
    assert set(listener.sizes()) == {(160, 120), (320, 240)}
    assert all(
        packet.is_key
        for before, packet in zip(listener.received, listener.received[1:], strict=False)
        if before.codec != packet.codec
    )


@needs_server
def test_a_closed_camera_sends_nothing_more_and_its_thread_ends(server: Cameras) -> None:
    listener = Listener(server.url("front"))
    listener.wait(5)
    began_s = time.monotonic()
    listener.camera.close()
    assert time.monotonic() - began_s < 0.1
    wait_for_threads(READER, 0)
    before = len(listener.received)
    assert before <= 7
    assert free_threads(READER) == 0


class Motion(http.server.BaseHTTPRequestHandler):
    """An HTTP camera: a multipart answer of JPEGs, twenty a second, changing its size."""

    pictures: list[bytes] = []

    def do_GET(self) -> None:
        if self.path != "/video":
            self.send_response(302)
            self.send_header("Location", f"http://{self.headers['Host']}/video")
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=next")
        self.end_headers()
        try:
            for number in range(400):
                jpeg = self.pictures[number // 20 % 2]
                head = f"--next\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
                self.wfile.write(head.encode() + jpeg + b"\r\n")
                time.sleep(0.05)  # the camera's own pace
        except OSError:
            return

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def http_camera() -> Iterator[str]:
    Motion.pictures = [jpeg(64, 48), jpeg(128, 96)]
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Motion) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def jpeg(width: int, height: int) -> bytes:
    frame = av.VideoFrame(width, height, "yuvj420p")
    for plane in frame.planes:
        plane.update(bytes(plane.buffer_size))
    encoder = av.CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuvj420p"
    encoder.time_base = frame.time_base = Fraction(1, 25)
    return b"".join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)])


def test_an_http_camera_plays_every_packet_a_key_frame(http_camera: str) -> None:
    listener = Listener(f"{http_camera}/video")
    listener.wait(45)
    listener.camera.close()
    assert all(packet.is_key for packet in listener.received)
    assert set(listener.sizes()) == {(64, 48), (128, 96)}
    spans_s = [b - a for a, b in zip(listener.arrived_s, listener.arrived_s[1:], strict=False)]
    assert max(spans_s) < 2
    assert str(listener.camera.stream).startswith("mjpeg 64x48")


def test_an_http_camera_that_sends_us_elsewhere_is_not_followed(http_camera: str) -> None:
    listener = Listener(f"{http_camera}/elsewhere")
    with pytest.raises(CameraError, match="redirects or closes the connection"):
        listener.wait(1)
    assert listener.received == []
