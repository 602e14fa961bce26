"""A reader of a live stream never falls behind, whatever the camera's clock says."""

import socket
import threading
import time
from pathlib import Path
from statistics import median

import pytest

from appliance.sections.cameras import CameraSettings
from sensors.camera.sources.live import LiveStream
from sensors.camera.sources.opening import Opener
from tests.conftest import CLIP
from tests.stand_ins.clocked_camera import CLOCKS, LISTEN_S, ClockedCamera
from tests.stand_ins.rtsp import needs_server, serving, wire_to
from tests.waiting import wait_until

LAG_S = 0.5


@pytest.mark.parametrize("jitter_s", [0.0, 0.08], ids=["wire", "radio"])
@pytest.mark.parametrize("name", CLOCKS)
def test_after_ten_minutes_of_listening_nothing_is_unread_or_wrongly_dated(
    name: str, jitter_s: float
) -> None:
    camera = ClockedCamera(CLOCKS[name], jitter_s=jitter_s)
    camera.play(60.0)
    lag = camera.play(540.0)
    assert lag.unread_s <= LAG_S
    assert lag.dated_s <= LAG_S
    assert lag.future_s <= 0
    assert lag.packets == pytest.approx(540 * 25, abs=50)


@pytest.mark.parametrize("name", CLOCKS)
def test_packets_gather_however_wrong_the_clock_is(name: str) -> None:
    camera = ClockedCamera(CLOCKS[name])
    camera.play(120.0)
    assert len(camera.naps_s) > 55
    assert set(camera.naps_s) == {LISTEN_S}


def test_a_clock_that_is_wrong_is_told_and_one_that_drifts_is_not() -> None:
    told = {}
    for name, clock in CLOCKS.items():
        camera = ClockedCamera(clock)
        camera.play(60.0)
        told[name] = camera.live.advice
    assert [name for name, advice in told.items() if advice] == ["twice as fast", "half as fast"]
    assert told["twice as fast"].startswith(
        "the camera's clock runs 2.0 times as fast as this computer's: "
    )


def test_a_reader_that_cannot_keep_up_knows_how_far_it_is_behind() -> None:
    camera = ClockedCamera(CLOCKS["exact"])
    camera.work_s = 0.06
    camera.play(60.0)
    assert camera.live.lag_s is not None
    assert camera.live.lag_s > LAG_S
    camera.work_s = 0.0
    camera.play(60.0)
    assert camera.live.lag_s == 0.0


@needs_server
def test_with_a_real_camera_whose_clock_is_twice_as_fast_the_kernel_holds_nothing_back() -> None:
    held_bytes: list[int] = []
    with serving(f"front={CLIP}") as server, wire_to(server.port, clock_speed=2.0) as wire:
        source = f"rtsp://127.0.0.1:{wire.port}/front"
        sizes: list[int] = []
        settings = CameraSettings(source=source, allow_local=True)
        camera = Opener(settings)(lambda packet: sizes.append(packet.size_bytes))
        assert isinstance(camera, LiveStream)
        camera.most_gathered_s = LISTEN_S

        def nap(timeout: float | None = None) -> bool:
            held_bytes.append(count_unread_bytes(wire.port))
            return threading.Event().wait(timeout)  # the reader's own pause

        camera._closing.wait = nap  # type: ignore[method-assign]
        wait_until(lambda: len(held_bytes) >= 7, "pauses of the reader", 20)
        camera.close()
    usual_bytes = sum(sizes) / len(sizes)
    assert median(held_bytes[3:]) <= 5 * usual_bytes  # 0.5 s of 10 frames a second


def count_unread_bytes(port: int) -> int:
    """What the kernel holds of connections to that port of this computer, by its own table."""
    time.sleep(0.002)  # what is on its way from the wire's thread
    peer = f"{socket.htonl(0x7F000001):08X}:{port:04X}"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(int(row[4].partition(":")[2], 16) for row in rows if row[2] == peer)
