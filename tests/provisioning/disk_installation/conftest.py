"""One small image for all tests of this directory."""

from pathlib import Path

import pytest

from tests.provisioning.disk_installation.small_image import MISSING, SmallImage, make_image


@pytest.fixture(scope="session")
def image(tmp_path_factory: pytest.TempPathFactory) -> SmallImage:
    if MISSING:
        pytest.skip(f"needs {', '.join(MISSING)}")
    return make_image(tmp_path_factory.mktemp("image"))


@pytest.fixture
def own_image(image: SmallImage, tmp_path: Path) -> SmallImage:
    """A copy that a test may damage."""
    folder = tmp_path / "own"
    folder.mkdir()
    for path in (image.raw, image.manifest):
        (folder / path.name).write_bytes(path.read_bytes())
    return SmallImage(folder / image.raw.name, image.system)
