"""The page's own scripts, styles and pictures: packed, kept by browsers, all here."""

import gzip
import hashlib
import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from appliance.settings import Settings
from appliance.web.app import create_app
from appliance.web.views.listed import EVENT, VIEWS, View
from tests.conftest import ROOT, OpenStore
from tests.stand_ins.fakes import FakeClock

STATIC = ROOT / "appliance/web/static"


@pytest.fixture
def client(settings: Settings, clock: FakeClock) -> FlaskClient:
    return create_app(settings, clock).test_client()


@pytest.mark.parametrize("view", [*VIEWS, EVENT], ids=lambda view: view.name)
def test_a_view_links_only_to_files_that_are_here(
    client: FlaskClient, open_store: OpenStore, view: View
) -> None:
    open_store()
    page = client.get("/events/e1" if view is EVENT else view.path).text
    links = re.findall(r'(?:src|href)="(/[^"#]*)"', page)
    assert len(links) > 10
    for link in links:
        assert re.match("/(?!/)", link)
        assert client.get(link).status_code in (200, 400), link
    for script in find_scripts(STATIC / f"views/{view.name}.js"):
        name = script.relative_to(STATIC)
        assert f'/{name}"' in page, f"{name} is not preloaded"
    assert not re.search(r"<script>|<style|\sstyle=|\son[a-z]+=", page)


def find_scripts(first: Path) -> set[Path]:
    """A script with all that it imports."""
    found, left = set(), [first]
    while left:
        script = left.pop().resolve()
        if script not in found:
            found.add(script)
            imports = re.findall(r'(?:from|import) "(\.[^"]+)"', script.read_text())
            left += [script.parent / name for name in imports]
    return found


def test_the_pages_own_files_are_packed_and_kept_until_they_change(client: FlaskClient) -> None:
    (link,) = re.findall(r'href="([^"]+/shell.js)"', client.get("/").text)
    packed = client.get(link, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == (STATIC / "shell.js").read_bytes()
    assert "immutable" in packed.headers["Cache-Control"]
    assert client.get(link).data == (STATIC / "shell.js").read_bytes()
    plain = client.get("/static/shell.js")
    assert (plain.status_code, plain.headers["Cache-Control"]) == (200, "no-cache")
    again = client.get("/static/shell.js", headers={"If-None-Match": plain.headers["ETag"]})
    assert again.status_code == 304
    for path in ("nothing.js", "../app.py", "%2e%2e/app.py", f"{'0' * 12}/shell.js", ""):
        assert client.get(f"/static/{path}").status_code == 404, path


def test_files_from_others_are_what_their_table_says() -> None:
    vendor = STATIC / "vendor"
    sums = re.findall(r"^([0-9a-f]{64})  (\S+)$", (vendor / "README.md").read_text(), re.MULTILINE)
    listed = {name for _, name in sums}
    present = {str(path.relative_to(vendor)) for path in vendor.glob("*/**/*") if path.is_file()}
    assert listed == present
    for digest, name in sums:
        assert hashlib.sha256((vendor / name).read_bytes()).hexdigest() == digest, name
