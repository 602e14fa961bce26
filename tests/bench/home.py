"""The unit in a real Home Assistant: `make bench-home`; as root, with what its environment needs.

`entities`: of one unit with two cameras. `ha_warnings`: warnings and errors in Home Assistant's
journal that may be about the unit, over all of the bench. `energy_valid`: 1 where its energy
dashboard takes sun, battery and loads without a remark (the short form does not wait for
statistics, five minutes, and leaves out what is said of those). `messages_per_hour_quiet`: what
the unit sends in an hour of a night in which nothing happens, sixty times as fast.
`lost_events`: never told to Home Assistant, while the broker, Home Assistant and the service are
killed in turns, each with one event just before and one while it is down.
"""

import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import av
import numpy as np
from av.video.frame import VideoFrame

from provisioning.laptop import DAY_S
from tests.bench.report import Figure, publish, quick
from tests.conftest import ROOT
from tests.home_assistant.broker import Listener
from tests.home_assistant.energy import (
    NOT_YET,
    fill_dashboard,
    list_remarks,
    wait_for_numbers,
    wait_for_statistics,
)
from tests.home_assistant.house import House, open_house
from tests.home_assistant.unit import CAMERAS, FAST_DAY_S

MIDNIGHT = datetime(2026, 4, 15, 21, 0, tzinfo=UTC)  # at the site
SPEED = DAY_S / FAST_DAY_S
SETTLE_S = 30.0  # real seconds: the battery's charge is found, models are loaded
KEPT_S = 2.5  # Home Assistant writes its history each second
LATE_S = 120.0


def make_still_video(path: Path) -> Path:
    """A minute of a grey yard in which nothing moves."""
    picture = np.full((480, 640, 3), 96, dtype=np.uint8)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 640, 480, "yuv420p"
        for _ in range(600):
            container.mux(stream.encode(VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    return path


def count_quiet(house: House, hours: float) -> float:
    """Messages an hour of unit time."""
    time.sleep(SETTLE_S)
    listener = Listener(house.broker.port)
    try:
        before = len(house.unit.read_event_ids())
        time.sleep(hours * 3600 / SPEED)
        sent = [one for one in listener.received if is_from_unit(one.topic) and not one.retained]
        assert len(house.unit.read_event_ids()) == before, "something happened"
    finally:
        listener.close()
    return len(sent) / hours


def is_from_unit(topic: str) -> bool:
    """Not what Home Assistant says of itself."""
    return topic != "homeassistant/status"


def is_energy_valid(house: House, short: bool) -> bool:
    wait_for_numbers(house)
    fill_dashboard(house)
    if not short:
        wait_for_statistics(house)
    remarks = [one for one in list_remarks(house) if not (short and one["type"] == NOT_YET)]
    return not remarks


def kill_in_turns(house: House, rounds: int) -> list[str]:
    """The events that were never told."""
    random, seen = Random(7), []
    actions: list[tuple[Callable[[], None], Callable[[], None], float]] = [
        (house.broker.kill, house.broker.start, 0.0),
        (house.unit.kill_mqtt, house.unit.kill_mqtt, 0.0),
        (house.home.kill, house.home.start, KEPT_S),
    ]
    for number in range(rounds):
        kill, start, least_s = actions[number % len(actions)]
        seen.append(house.unit.see(CAMERAS[0]))
        time.sleep(least_s + random.uniform(0.0, 1.2))
        kill()
        seen.append(house.unit.see(CAMERAS[0]))
        start()
        house.wait_for(house.is_available, "the unit in Home Assistant", LATE_S)
    return wait_for_told(house, seen)


def wait_for_told(house: House, seen: list[str]) -> list[str]:
    def missing() -> list[str]:
        told = set(house.read_told_ids(CAMERAS[0]))
        return [one for one in seen if one not in told]

    try:
        house.wait_for(lambda: not missing(), "all events", LATE_S)
    except TimeoutError:
        return missing()
    return []


def measure(directory: Path, short: bool) -> dict[str, float]:
    """All figures by name."""
    still = make_still_video(directory / "still.mp4")
    for name in ("day", "kills", "night"):
        (directory / name).mkdir()
    with open_house(directory / "day", clip=still) as house:
        entities = len(house.read_states())
        valid = is_energy_valid(house, short)
        warnings = house.list_complaints()
    with open_house(directory / "kills", clip=still, day_s=DAY_S) as house:
        lost = kill_in_turns(house, 3 if short else 30)
        warnings += house.list_complaints()
    with open_house(directory / "night", clip=still, start=MIDNIGHT) as house:
        messages = count_quiet(house, 0.25 if short else 4.0)
        warnings += house.list_complaints()
    for one in warnings:
        print(one.level, one.logger, one.text)
    return {
        "entities": float(entities),
        "ha_warnings": float(len(warnings)),
        "energy_valid": float(valid),
        "messages_per_hour_quiet": messages,
        "lost_events": float(len(lost)),
    }


TARGETS = {
    "entities": None,
    "ha_warnings": 0.0,
    "energy_valid": 1.0,
    "messages_per_hour_quiet": 60.0,
    "lost_events": 0.0,
}


def main() -> None:
    short = quick("home")
    (ROOT / "build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as directory:
        found = measure(Path(directory), short)
    figures = [
        Figure(name, found[name], "", target, at_least=name == "energy_valid")
        for name, target in TARGETS.items()
    ]
    publish("home", figures, short, also=found)


if __name__ == "__main__":
    main()
