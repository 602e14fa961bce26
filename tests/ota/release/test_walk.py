"""The way of a release, as the commands are typed, and what units read of it."""

import hashlib
import json
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from ota.manifest import LayerKind, parse_manifest
from tests.ota.release.conftest import Desk


def read_entry(tree: Path, path: str) -> dict[str, Any]:
    """An entry of the director, from the newest file of its bin, read as plain JSON."""
    snapshot = max((tree / "director/metadata").glob("*.snapshot.json"), key=version_of)
    meta = json.loads(snapshot.read_bytes())["signed"]["meta"]
    for name, one in meta.items():
        file = tree / "director/metadata" / f"{one['version']}.{name}"
        targets = json.loads(file.read_bytes())["signed"]["targets"]
        if path in targets:
            found: dict[str, Any] = targets[path]
            return found
    raise KeyError(path)


def version_of(path: Path) -> int:
    return int(path.name.split(".")[0])


def read_timestamp(tree: Path, repository: str) -> dict[str, Any]:
    found = json.loads((tree / repository / "metadata/timestamp.json").read_bytes())
    signed: dict[str, Any] = found["signed"]
    return signed


def test_a_release_goes_from_a_wheel_to_a_unit(desk: Desk, wheel: Path, tmp_path: Path) -> None:
    model, bundle, www = tmp_path / "model", tmp_path / "os.raucb", tmp_path / "www"
    model.mkdir()
    (model / "owls.onnx").write_bytes(b"net" * 1000)
    bundle.write_bytes(b"hsqs" * 500_000)
    options = ("--app", wheel, "--model", f"owls={model}", "--os", bundle, "--machine", "x86-64")
    assert "not signed yet" in desk.build("2026.12", 3, *options)
    desk.do("release", "sign", "2026.12")
    desk.do("release", "publish", "2026.12", "--to", www)
    times = ("--from", "2026-12-01T00:00:00Z", "--until", "2099-01-01T00:00:00Z")
    desk.do("assign", "field-7", "2026.12", *times, "--wave", "first")
    desk.do("assign", "group:all", "2026.12")
    desk.do("release", "publish", "--to", www)
    said = desk.verify(www)
    assert "releases: 2026.12" in said
    assert "assigned to units and groups: 2" in said
    [file] = (www / "image/targets/releases/2026.12").iterdir()
    manifest = parse_manifest(file.read_bytes())
    assert file.name == f"{hashlib.sha256(file.read_bytes()).hexdigest()}.manifest.json"
    app = manifest.find_layer(LayerKind.APP)
    assert app is not None
    assert (app.version, manifest.data_schema, manifest.machines) == ("1.2", 28, ("x86-64",))
    assert {layer.kind for layer in manifest.layers} == set(LayerKind)
    entry = read_entry(www, "units/field-7")
    assert entry["hashes"]["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert entry["custom"] == {
        "release": "2026.12",
        "from": "2026-12-01T00:00:00Z",
        "until": "2099-01-01T00:00:00Z",
        "wave": "first",
        "allow_downgrade": False,
    }
    assert read_entry(www, "groups/all")["custom"]["until"] is None


def test_a_web_server_of_any_kind_serves_the_tree(desk: Desk) -> None:
    desk.issue("r1", 1)
    handler = partial(QuietHandler, directory=str(desk.tree))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        said = desk.verify(f"http://127.0.0.1:{server.server_port}")
        server.shutdown()
    assert "releases: r1" in said


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


def test_each_timestamp_says_when_it_was_signed(desk: Desk) -> None:
    for name in ("image", "director"):
        signed = read_timestamp(desk.tree, name)
        assert signed["issued"] == desk.now.strftime("%Y-%m-%dT%H:%M:%SZ")
        assert "offline" not in signed


def test_a_stick_is_marked_and_older_than_the_server(desk: Desk, tmp_path: Path) -> None:
    desk.issue("r1", 1)
    desk.do("usb", tmp_path / "stick")
    assert "releases: r1" in desk.verify(tmp_path / "stick")
    for name in ("image", "director"):
        stick, own = (read_timestamp(one, name) for one in (tmp_path / "stick", desk.tree))
        assert stick["offline"] is True
        assert "offline" not in own
        assert own["version"] == stick["version"] + 1
        assert stick["expires"] > own["expires"]
    desk.verify()


def test_the_same_again_changes_nothing(desk: Desk) -> None:
    desk.issue("r1", 1)
    desk.do("assign", "u1", "r1", "--from", "2026-12-01T00:00:00Z")
    before = {path: path.read_bytes() for path in desk.tree.rglob("*") if path.is_file()}
    desk.issue("r1", 1)
    desk.do("assign", "u1", "r1", "--from", "2026-12-01T00:00:00Z")
    desk.do("renew")
    after = {path: path.read_bytes() for path in desk.tree.rglob("*") if path.is_file()}
    assert before == after


def test_two_builds_of_one_wheel_are_one_layer(desk: Desk, wheel: Path) -> None:
    desk.build("r1", 1, "--app", wheel)
    unpacked = next(
        path for path in (desk.fleet / "content").iterdir() if len(list(path.iterdir())) > 1
    )
    desk.build("r2", 2, "--app", unpacked)
    first, second = (
        parse_manifest((desk.fleet / f"releases/{name}/manifest.json").read_bytes())
        for name in ("r1", "r2")
    )
    assert first.find_layer(LayerKind.APP) == second.find_layer(LayerKind.APP)


def test_unassigned_units_follow_their_group(desk: Desk) -> None:
    desk.issue("r1", 1)
    desk.do("assign", "u1", "u2", "group:all", "r1")
    assert "u1" in desk.do("status")
    desk.do("unassign", "u1")
    assert "assigned to units and groups: 2" in desk.verify()
    assert "nothing is assigned to u1" in desk.type("unassign", "u1").err


def test_the_entries_stay_when_the_bins_become_more(desk: Desk) -> None:
    desk.issue("r1", 1)
    desk.do("assign", *(f"unit-{number}" for number in range(40)), "r1")
    desk.do("renew", "--bins", 32)
    assert "assigned to units and groups: 40" in desk.verify()
    desk.do("assign", "unit-99", "r1")
    assert "assigned to units and groups: 41" in desk.verify()
