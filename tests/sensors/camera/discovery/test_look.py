"""A stream is looked at: a picture and the distance of key frames, from a real RTSP server."""

from collections.abc import Iterator
from ipaddress import IPv4Address

import av
import pytest

from appliance.errors import CameraError
from sensors.camera.discovery.asking import NOBODY, Login, look
from sensors.camera.discovery.rtsp_ports import list_rtsp_ports
from tests.stand_ins.rtsp import Cameras, make_video, needs_server, serving

PASSWORD = "s3cret-of-rtsp"
LOCAL = IPv4Address("127.0.0.1")


@pytest.fixture(scope="module")
def cameras(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cameras]:
    place = tmp_path_factory.mktemp("look")
    often = make_video(place / "often.mp4", key_every=10)
    seldom = make_video(place / "seldom.mp4", key_every=40, seconds=8.0)
    key = place / "password"
    key.write_text(PASSWORD)
    options = ("--user", "viewer", "--password-file", str(key), "--protect", "closed")
    names = (f"often={often}", f"seldom={seldom}", f"closed={often}")
    with serving(*names, options=options) as server:
        yield server


@needs_server
def test_a_picture_and_the_distance_of_key_frames_are_taken_from_the_stream(
    cameras: Cameras,
) -> None:
    found = look(cameras.url("often"), NOBODY, allow_local=True)
    assert found.key_frame_s == pytest.approx(1.0, abs=0.05)
    assert (found.width_px, found.height_px) == (160, 120)
    assert found.stream.startswith("h264 160x120")
    decoder = av.CodecContext.create("mjpeg", "r")
    (frame,) = decoder.decode(av.Packet(found.jpeg))
    assert (frame.width, frame.height) == (160, 120)


@needs_server
def test_key_frames_that_are_far_apart_are_not_waited_for_without_end(cameras: Cameras) -> None:
    found = look(cameras.url("seldom"), NOBODY, watch_s=0.5, allow_local=True)
    assert found.key_frame_s is None
    assert found.jpeg


@needs_server
def test_masked_parts_are_black_in_the_picture(cameras: Cameras) -> None:
    whole = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
    found = look(cameras.url("often"), NOBODY, watch_s=0.1, allow_local=True, masks=(whole,))
    decoder = av.CodecContext.create("mjpeg", "r")
    (frame,) = decoder.decode(av.Packet(found.jpeg))
    assert frame.to_ndarray(format="gray").max() < 20


@needs_server
def test_a_stream_with_a_password_is_opened_with_it_and_refused_without(cameras: Cameras) -> None:
    assert look(cameras.url("closed"), Login("viewer", PASSWORD), watch_s=0.1, allow_local=True)
    for login in (NOBODY, Login("viewer", "wrong-one")):
        with pytest.raises(CameraError, match="does not accept user and password") as caught:
            look(cameras.url("closed"), login, allow_local=True)
        assert "wrong-one" not in str(caught.value)


@needs_server
def test_a_wrong_path_says_so(cameras: Cameras) -> None:
    with pytest.raises(CameraError, match="has no stream of this name"):
        look(cameras.url("nothing"), NOBODY, allow_local=True)


@pytest.mark.parametrize(
    "url", ["rtsp://127.0.0.1/a", "rtsp://169.254.169.254/a", "file:///etc/passwd", "rtsp://0/a"]
)
def test_an_address_that_no_camera_has_is_not_opened(url: str) -> None:
    with pytest.raises(CameraError, match="not opened"):
        look(url, NOBODY)


@needs_server
def test_the_port_of_rtsp_is_found_without_a_password(cameras: Cameras) -> None:
    closed = cameras.port + 1
    assert list_rtsp_ports(LOCAL, (cameras.port, closed)) == [cameras.port]
