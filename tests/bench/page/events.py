"""A year with 100,000 events: how long the page takes for each question of the list of events.

    measure_events()     # {"big_page_ms": ..., and each question in ms}

The real server answers over HTTP. `big_page_ms` is the slowest of the questions' medians. Alone:
`python -m tests.bench.page.events`.
"""

import json
import random
import shutil
import time
import urllib.request
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

from appliance import settings_file
from appliance.clock import SystemClock
from appliance.model_cameras import Event
from appliance.store.prepare import prepare_database
from appliance.store.store import Store
from tests.bench.page.unit import serve_settings
from tests.bench.report import OUT, median
from tests.scenes import filled

PLACE = OUT / "page-events"
COUNT = 100_000
YEAR_S = 365 * 86_400.0
TIMES = 9
CAMERAS = ("gate", "yard", "barn", "road", "shed", "well", "roof", "pond")
RARE = {"camera": "pond", "label": "bear", "zone": "den"}  # one in a thousand
PAGE = {"limit": "25"}


def measure_events(*, short: bool = False) -> dict[str, float]:
    """Medians in ms by question, and the slowest of them as `big_page_ms`."""
    settings = fill(COUNT // 10 if short else COUNT)
    with serve_settings(settings) as page:
        asked = list_questions(page.address)
        found = {name: time_ms(f"{page.address}{path}") for name, path in asked.items()}
    return {"big_page_ms": max(found.values()), **found}


def list_questions(address: str) -> dict[str, str]:
    """The addresses that are measured, by what they ask."""
    half_year = (SystemClock().stamp().utc - timedelta(days=180)).isoformat()
    far = ask(f"{address}/api/events?{urlencode({**PAGE, 'until': half_year})}")[-1]["cursor"]
    filters: dict[str, Mapping[str, str]] = {
        "all": {},
        "a camera": {"camera": "gate"},
        "a label": {"label": "person"},
        "a zone": {"zone": "drive"},
        "a camera and a label": {"camera": "gate", "label": "person"},
        "all three": {"camera": "gate", "label": "person", "zone": "drive"},
        "a rare camera and a common label": {"camera": RARE["camera"], "label": "person"},
        "what there is not": {"camera": RARE["camera"], "label": "person", "zone": "drive"},
        "a rare label": {"label": RARE["label"]},
        "a month": {"since": "45d", "until": "15d"},
    }
    questions = {"words of the filters": "/api/event-filters", "the view": "/events"}
    for name, words in filters.items():
        questions[f"page of {name}"] = f"/api/events?{urlencode({**words, **PAGE})}"
        questions[f"timeline of {name}"] = f"/api/event-timeline?{urlencode(words)}"
        back = {**words, **PAGE, "before": far} if name != "a month" else {**words, **PAGE}
        questions[f"page of {name}, far back"] = f"/api/events?{urlencode(back)}"
    questions["timeline of a year"] = "/api/event-timeline?since=365d"
    questions["one event"] = "/api/events/e50?camera=gate"
    return questions


def ask(url: str) -> list[dict[str, str]]:
    """The events of one answer."""
    with urllib.request.urlopen(url, timeout=60) as answer:
        found: list[dict[str, str]] = json.load(answer)
    return found


def time_ms(url: str) -> float:
    """The median from the request to the last byte."""
    took_ms = []
    for _ in range(TIMES):
        began_s = time.perf_counter()
        with urllib.request.urlopen(url, timeout=60) as answer:
            answer.read()
        took_ms.append(1000 * (time.perf_counter() - began_s))
    return median(took_ms)


def fill(count: int) -> Path:
    """The settings of a unit with so many events over a year."""
    shutil.rmtree(PLACE, ignore_errors=True)
    PLACE.mkdir(parents=True)
    file = PLACE / "unit.toml"
    file.write_text(f'[unit]\ndata_dir = "{PLACE / "data"}"\nrun_dir = "{PLACE / "run"}"\n')
    settings = settings_file.load_settings(file)
    prepare_database(settings.database)
    filled.fill(lambda writer: Store(settings.database, SystemClock(), writer))
    chance = random.Random(7)
    with closing(Store(settings.database, SystemClock(), "inference")) as store:
        for first in range(0, count, 5000):
            store.add(*(make_event(store, chance, first + n, count) for n in range(5000)))
    return file


def make_event(store: Store, chance: random.Random, number: int, count: int) -> Event:
    """Event `number` of a year: the last ones are the newest."""
    now = store.clock.stamp()
    began = now.utc - timedelta(seconds=YEAR_S * (1 - number / count))
    words = {
        "camera": CAMERAS[min(int(chance.expovariate(0.7)), len(CAMERAS) - 1)],
        "label": chance.choices(("person", "car", "dog", "bear"), (60, 30, 10, 0.1))[0],
        "zone": chance.choices(("drive", "yard", "", "den"), (40, 20, 40, 0.1))[0],
    }
    event = filled.event(replace(now, utc=began), f"e{number}")
    return replace(
        event,
        camera=words["camera"],
        label=words["label"],
        zone=words["zone"],
        rule=f"zone {words['zone']}: stayed 10 s" if words["zone"] else "",
        last_seen=began + timedelta(seconds=20),
        reason=f"{event.reason}; " + "it went on and was followed through the picture, " * 4,
    )


if __name__ == "__main__":
    for question, median_ms in measure_events().items():
        print(f"{median_ms:8.1f} ms  {question}")
