"""A real cage with Debian's Chromium shows the page, drawn in memory, in both sizes of screens.

`PICTURE=docs/page-kiosk.png make test-kiosk` keeps what it looks like.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from provisioning.free_ports import find_free_port
from provisioning.laptop import Laptop, RunRequest
from tests.kiosk.screen import Screen, list_missing
from tests.waiting import wait_until

pytestmark = pytest.mark.skipif(
    bool(list_missing()), reason=f"not on this machine: {', '.join(list_missing())}"
)
DAY_S, SHOWN_S = 240.0, 120.0
MAGENTA = (255, 0, 255)  # of the display itself: nothing is drawn there
SIZES = ((800, 480), (1280, 800))
KIOSK = "\n[kiosk]\nenabled = true\nblank_after_s = {blank_s}\n"


@pytest.fixture(scope="module")
def laptop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laptop]:
    """The unit of `make run`, in the middle of a day."""
    directory = tmp_path_factory.mktemp("kiosk") / "run"
    with Laptop(RunRequest(DAY_S, find_free_port(), directory, charge_pct=60)) as running:
        yield running


@pytest.fixture
def directory() -> Iterator[Path]:
    """Where another user may go, too."""
    made = Path(tempfile.mkdtemp(prefix="kiosk-"))
    made.chmod(0o755)
    yield made / "screen"
    shutil.rmtree(made, ignore_errors=True)


def is_page(picture: NDArray[np.uint8]) -> bool:
    """Whether something is drawn everywhere, in more than a few colours."""
    colours = np.unique(picture.reshape(-1, 3), axis=0)
    return len(colours) > 200 and not (picture == MAGENTA).all(axis=2).any()


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_the_page_fills_the_screen(laptop: Laptop, directory: Path, size: tuple[int, int]) -> None:
    address = f"http://127.0.0.1:{laptop.settings.web.port}/kiosk"
    with Screen(directory, *size, address) as screen:
        wait_until(lambda: is_page(screen.look()), "the page", SHOWN_S)
        laptop_waits = laptop.settings.make_clock().stamp().uptime_s
        wait_until(
            lambda: laptop.settings.make_clock().stamp().uptime_s > laptop_waits + 3600,
            "an hour of the demonstration",
            SHOWN_S,
        )
        picture = screen.look()
    assert picture.shape == (size[1], size[0], 3)
    assert is_page(picture)
    if wanted := os.environ.get("PICTURE"):
        path = Path(wanted)
        place = path if size == SIZES[0] else path.with_stem(f"{path.stem}-large")
        cv2.imwrite(str(place), picture)


def test_a_screen_that_nobody_touches_becomes_black(directory: Path, tmp_path: Path) -> None:
    request = RunRequest(DAY_S, find_free_port(), tmp_path / "run", charge_pct=60)
    made = Laptop(request)
    with made.settings.path.open("a") as settings, closing(settings):
        settings.write(KIOSK.format(blank_s=8))
    with made as laptop:
        address = f"http://127.0.0.1:{laptop.settings.web.port}/kiosk"
        with Screen(directory, *SIZES[0], address) as screen:
            wait_until(lambda: is_page(screen.look()), "the page", SHOWN_S)
            wait_until(lambda: not screen.look().any(), "the black screen", SHOWN_S)
