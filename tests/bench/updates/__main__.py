"""`make bench-updates`: crash images, attacks, bad links, deltas; `build/bench/updates.json`.

The full form builds two roots of Debian 13 (as root, with mmdebstrap), one of them with its
security updates, and boots 50,000 crash images (`make soak` keeps their ledger); the short form
boots 1,500 and leaves the operating system out.

Reads: this repository. Writes: the JSON; what it builds is removed.
Never: judges: a missed target is printed as missed.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from random import Random

from tests.bench.report import ROOT, Figure, publish, quick
from tests.bench.updates.deltas import build_images, measure_app, measure_model, measure_os
from tests.bench.updates.link import measure_link
from tests.bench.updates.soak import Ledger, read_ledger, run_until, write_ledger
from tests.ota.trust import attacks_by_keys, attacks_by_mixing, attacks_by_time
from tests.ota.trust.attack_table import ATTACKS, LIVE
from tests.ota.trust.world import World

IMAGES, FEW_IMAGES = 50_000, 1_500
BEFORE = "HEAD~20"  # some days of work
MODELS = ROOT / "inference/models"
TABLES = (attacks_by_keys, attacks_by_mixing, attacks_by_time)  # they fill the table
# Of a release as the packages of an image are: what an app release is a share of.
USUAL_IMAGE_BYTES = 220e6


def main() -> None:
    short = quick("updates")
    place = Path(tempfile.mkdtemp(prefix="bench-updates-"))
    try:
        figures = measure(place, short=short)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    publish("updates", list_figures(figures), short, figures)


def measure(place: Path, *, short: bool) -> dict[str, float | None]:
    """All figures; None: not measured in the short form, or not as this user."""
    return {
        **count_crash_images(short=short),
        **count_attacks(),
        **measure_link(make(place, "link"), size_bytes=1_500_000 if short else 6_000_000),
        "idle_poll_bytes": measure_idle_poll(),
        **measure_deltas(place, short=short),
    }


def count_crash_images(*, short: bool) -> dict[str, float]:
    ledger = Ledger() if short else read_ledger()
    if short:
        list(run_until(FEW_IMAGES, ledger, first=20, second=10))
    else:
        for done in run_until(IMAGES, ledger):
            write_ledger(done)
    return {"crash_images": ledger.images, "unrecoverable": len(ledger.unrecoverable)}


def count_attacks() -> dict[str, float]:
    """Each attack of the table on a world of its own; "entry of another unit" gives nothing."""
    answers = []
    for attack, _ in (ATTACKS | LIVE).values():
        world = World()
        attack(world)
        answers.append(world.refuse())
    accepted = [one for one in answers if one.startswith("accepted")]
    return {"attacks": len(answers), "accepted": len(accepted), "reasons": len(set(answers))}


def measure_idle_poll() -> float:
    """What a check-in receives where nothing is new: the bodies of two timestamps."""
    world = World()
    world.ask()
    client = world.make_client()
    client.ask()
    return client.received_bytes


def measure_deltas(place: Path, *, short: bool) -> dict[str, float | None]:
    """A program of one commit later, another model, an operating system with its security updates;
    the program as a share of a whole release.
    """
    found: dict[str, float | None] = {"os_delta_pct": None}
    if not short and os.geteuid() == 0:
        images = make(place, "os")
        found |= measure_os(*build_images(images, unpacked=True), images)
    image_bytes = found.get("os_full_bytes") or USUAL_IMAGE_BYTES
    if not has_commit(BEFORE):  # a clone without its history
        return found | measure_model(*make_models(make(place, "model")), place / "model")
    app = measure_app(ROOT, BEFORE, "HEAD", make(place, "app"))
    found |= app
    found["app_delta_of_app_pct"] = app["app_delta_pct"]
    found["app_delta_pct"] = 100 * app["app_delta_bytes"] / (image_bytes + app["app_full_bytes"])
    return found | measure_model(*make_models(make(place, "model")), place / "model")


def has_commit(name: str) -> bool:
    done = subprocess.run(
        ["git", "-C", str(ROOT), "cat-file", "-e", name], check=False, stderr=subprocess.DEVNULL
    )
    return done.returncode == 0


def make_models(place: Path) -> tuple[Path, Path]:
    """The default model, and the same with its last 5 % trained anew."""
    old, new = make(place, "old"), make(place, "new")
    for file in MODELS.glob("nanodet-g-416-fp32*"):
        shutil.copy(file, old)
        data = file.read_bytes()
        kept = len(data) * 95 // 100 if file.suffix == ".onnx" else len(data)
        (new / file.name).write_bytes(data[:kept] + Random(1).randbytes(len(data) - kept))
    return old, new


def make(place: Path, name: str) -> Path:
    path = place / name
    path.mkdir(parents=True)
    return path


def list_figures(figures: Mapping[str, float | None]) -> list[Figure]:
    """The table; what was not measured is left out."""
    rows = (
        ("crash_images", "", float(IMAGES), True),
        ("unrecoverable", "", 0.0, False),
        ("attacks", "", None, False),
        ("accepted", "", 0.0, False),
        ("reasons", "", None, False),
        ("refetched_pct", "%", 2.0, False),
        ("idle_poll_bytes", "bytes", None, False),
        ("app_delta_pct", "% of release", 1.0, False),
        ("app_delta_of_app_pct", "% of app", None, False),
        ("model_delta_pct", "% of model", None, False),
        ("os_delta_pct", "% of image", 36.0, False),
    )
    return [
        Figure(name, value, unit, target, at_least)
        for name, unit, target, at_least in rows
        if (value := figures.get(name)) is not None
    ]


if __name__ == "__main__":
    main()
