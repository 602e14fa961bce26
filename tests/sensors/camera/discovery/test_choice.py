"""Which streams of a camera are taken, what is advised, and which addresses are never taken."""

from ipaddress import IPv4Address

import pytest

from appliance.wording.sentence import Sentence
from sensors.camera.discovery.choice import NO_STREAM, Choice, choose_streams
from sensors.camera.discovery.facts import CameraFacts, Encoder, Profile, read_facts
from sensors.camera.discovery.stream_address import place_picture, place_stream

CAMERA = IPv4Address("10.0.0.7")


def make_profile(
    name: str, size: tuple[int, int], *, codec: str = "h264", gop: int | None = 50, rate: float = 25
) -> Profile:
    encoder = Encoder(f"enc-{name}", codec, *size, rate, gop, 1, 400)
    return Profile(name, name, encoder, f"rtsp://{CAMERA}:554/{name}")


def choose(*profiles: Profile) -> Choice:
    return choose_streams(CameraFacts(profiles=profiles), CAMERA)


MAIN, SUB = make_profile("main", (1920, 1080)), make_profile("sub", (640, 360))


def test_the_largest_is_the_main_stream_and_the_smallest_of_use_the_sub_stream() -> None:
    tiny = make_profile("tiny", (320, 180))
    third = make_profile("third", (1280, 720))
    choice = choose(tiny, third, MAIN, SUB)
    assert choice.main is not None
    assert choice.sub is not None
    assert (choice.main.url, choice.sub.url) == ("rtsp://10.0.0.7/main", "rtsp://10.0.0.7/sub")
    assert choice.advice == ()


def test_of_two_that_fit_that_of_the_main_streams_shape_is_taken() -> None:
    square = make_profile("square", (640, 480))
    wide = make_profile("wide", (704, 396))
    choice = choose(MAIN, square, wide)
    assert choice.sub is not None
    assert choice.sub.profile.name == "wide"


def test_two_shapes_are_said() -> None:
    choice = choose(MAIN, make_profile("sub", (640, 480)))
    assert "different shapes (1920x1080 and 640x480)" in " ".join(choice.advice)


def test_a_sub_stream_that_is_too_small_is_taken_and_said() -> None:
    choice = choose(MAIN, make_profile("sub", (320, 180)))
    assert choice.sub is not None
    assert "320 pixels wide: detection wants 416 or more" in " ".join(choice.advice)


def test_one_stream_alone_is_taken_and_said() -> None:
    choice = choose(MAIN)
    assert choice.sub is None
    assert "one stream only" in " ".join(choice.advice)


def test_a_camera_without_a_stream_that_can_be_opened_is_said() -> None:
    choice = choose(make_profile("mjpeg", (640, 480), codec="jpeg"))
    assert choice.main is None
    assert choice.advice == (NO_STREAM,)


def test_the_same_stream_in_two_profiles_is_no_sub_stream() -> None:
    double = Profile("b", "b", SUB.encoder, MAIN.stream)
    assert choose(MAIN, double).sub is None


@pytest.mark.parametrize(
    ("gop", "rate", "wanted"),
    [(100, 25, 50), (250, 25, 50), (50, 25, None), (60, 25, None), (300, 30, 60), (40, 10, 20)],
)
def test_key_frames_more_than_2_5_s_apart_shall_be_set_to_2_s(
    gop: int, rate: float, wanted: int | None
) -> None:
    choice = choose(make_profile("main", (1920, 1080), gop=gop, rate=rate), SUB)
    assert choice.main is not None
    assert choice.main.wanted_gop == wanted
    said = " ".join(choice.advice)
    assert (f"a key frame every {gop / rate:.1f} s" in said) is (wanted is not None)
    assert ("since a picture can only be had" in said) is (wanted is not None)


def test_what_shall_be_set_is_within_what_the_camera_takes() -> None:
    encoder = Encoder("e", "h264", 1920, 1080, 25, 250, 75, 400)
    choice = choose(Profile("main", "main", encoder, f"rtsp://{CAMERA}/main"))
    assert choice.main is not None
    assert choice.main.wanted_gop == 75


def test_h265_is_taken_and_its_key_frames_are_set_at_the_camera() -> None:
    choice = choose(make_profile("main", (1920, 1080), codec="h265", gop=None))
    assert choice.main is not None
    assert choice.main.wanted_gop is None
    assert "the camera's own page" in " ".join(choice.advice)


def test_advice_can_be_told_in_another_language() -> None:
    assert all(isinstance(one, Sentence) for one in choose(MAIN).advice)


@pytest.mark.parametrize(
    ("text", "url", "remark"),
    [
        ("rtsp://10.0.0.7:554/a?b=1", "rtsp://10.0.0.7/a?b=1", ""),
        ("rtsp://10.0.0.7:8554/a", "rtsp://10.0.0.7:8554/a", ""),
        ("rtsps://10.0.0.7/a", "rtsps://10.0.0.7/a", ""),
        ("rtsp://203.0.113.9/a", "rtsp://10.0.0.7/a", "another host for its stream (203.0.113.9)"),
        ("rtsp://127.0.0.1/a", "rtsp://10.0.0.7/a", "another host for its stream (127.0.0.1)"),
        ("rtsp://admin:1234@10.0.0.7/a", "rtsp://10.0.0.7/a", "with a login"),
        ("rtsp://10.0.0.7/user=a_password=b", "rtsp://10.0.0.7/user=a_password=b", "in the path"),
        ("file:///etc/passwd", "", "begins with file:"),
        ("http://10.0.0.7/a", "", "begins with http:"),
        ("rtsp://10.0.0.7/a b", "", "too long, or holds a blank"),
        ("rtsp://10.0.0.7/" + "a" * 400, "", "too long, or holds a blank"),
        ("rtsp://[::1", "", "is none"),
        ("rtsp://10.0.0.7:99999/a", "", "is none"),
        ("", "", "begins with ?:"),
        ("concat:/etc/passwd|rtsp://10.0.0.7/", "", "begins with concat:"),
    ],
)
def test_the_address_of_a_stream_is_one_of_the_camera_or_none(
    text: str, url: str, remark: str
) -> None:
    placed = place_stream(text, CAMERA)
    assert placed.url == url
    said = " ".join(placed.remarks)
    assert remark in said
    assert bool(said) is bool(remark)
    assert "1234" not in said


def test_a_picture_is_fetched_over_http_only() -> None:
    assert place_picture("http://10.9.9.9/snap.jpg", CAMERA).url == "http://10.0.0.7/snap.jpg"
    assert place_picture("file:///etc/passwd", CAMERA).url == ""


def test_figures_that_no_camera_has_are_none() -> None:
    wild = {"codec": "H264", "width_px": -5, "height_px": 10**9, "frames_per_s": "fast"}
    facts = read_facts({"profiles": [{"encoder": wild}, 7, {"encoder": None}], "serial": 4})
    assert facts.serial == ""
    assert facts.profiles[0].encoder == Encoder("", "h264")
    assert facts.profiles[1].encoder is None
