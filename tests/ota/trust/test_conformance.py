"""The three commands of TUF's conformance suite, as it calls them, against a web server."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import quote

import pytest
from tuf.api.metadata import DelegatedRole, Delegations, Metadata, TargetFile, Targets

from ota.trust import conformance
from tests.stand_ins.tuf_repositories import TufRepository

NOW = datetime.now(UTC).replace(microsecond=0)
ODD_NAMES = ("a/b", "..", ".", "?", "#", "100%", "ä b")


class TreeHandler(BaseHTTPRequestHandler):
    tree: dict[str, bytes] = {}
    asked: list[str] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        data = self.tree.get(self.path.lstrip("/"))
        if data is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing."""


@dataclass
class Suite:
    repository: TufRepository
    url: str
    directory: Path
    asked: list[str]

    def make_arguments(self, *command: str) -> list[str]:
        options = {
            "--metadata-dir": str(self.directory / "metadata"),
            "--metadata-url": f"{self.url}/image/metadata/",
            "--target-dir": str(self.directory / "targets"),
            "--target-base-url": f"{self.url}/image/targets/",
        }
        return [part for pair in options.items() for part in pair] + list(command)

    def run(self, *command: str) -> int:
        return conformance.main(self.make_arguments(*command))

    def init(self) -> None:
        root = self.directory / "root.json"
        root.write_bytes(self.repository.tree["image/metadata/1.root.json"])
        assert self.run("init", str(root)) == 0

    def read_versions(self) -> dict[str, int]:
        paths = (self.directory / "metadata").glob("*.json")
        return {path.stem: json.loads(path.read_bytes())["signed"]["version"] for path in paths}

    def add(self, name: str, data: bytes) -> None:
        target = TargetFile.from_data(name, data, ["sha256"])
        self.repository.add_target(target)
        folder, slash, last = name.rpartition("/")
        path = f"image/targets/{folder}{slash}{target.hashes['sha256']}.{last}"
        self.repository.tree[path] = data


@pytest.fixture
def suite(tmp_path: Path) -> Iterator[Suite]:
    for name in ("metadata", "targets"):
        (tmp_path / name).mkdir()
    repository = TufRepository("image", {}, NOW)
    repository.publish(NOW)
    asked: list[str] = []
    handler = type("Handler", (TreeHandler,), {"tree": repository.tree, "asked": asked})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    host, port = server.server_address[:2]
    found = Suite(repository, f"http://{host!s}:{port}", tmp_path, asked)
    found.init()
    yield found
    server.shutdown()
    server.server_close()


def test_a_refresh_asks_for_what_the_specification_says_in_its_order(suite: Suite) -> None:
    assert suite.run("refresh") == 0
    names = [path.rpartition("/")[2] for path in suite.asked]
    assert names == ["2.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json"]
    assert suite.read_versions() == {"root": 1, "timestamp": 1, "snapshot": 1, "targets": 1}


def test_the_suite_starts_it_as_a_process(suite: Suite) -> None:
    command = [sys.executable, "-m", "ota.trust.conformance", *suite.make_arguments("refresh")]
    assert subprocess.run(command, check=False).returncode == 0
    del suite.repository.tree["image/metadata/timestamp.json"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert "missing-timestamp" in done.stderr


def test_a_download_is_verified_kept_and_not_done_twice(suite: Suite) -> None:
    suite.add("dir/file.txt", b"content")
    suite.repository.publish(NOW)
    for _ in range(2):
        assert suite.run("--target-name", "dir/file.txt", "download") == 0
    assert [one.read_bytes() for one in (suite.directory / "targets").iterdir()] == [b"content"]
    assert sum("targets/dir/" in path for path in suite.asked) == 1


def test_what_no_role_signs_is_not_downloaded_but_the_metadata_are(suite: Suite) -> None:
    assert suite.run("--target-name", "nothing", "download") == 1
    assert suite.read_versions() == {"root": 1, "timestamp": 1, "snapshot": 1, "targets": 1}


def test_other_bytes_than_the_signed_ones_are_not_kept(suite: Suite) -> None:
    suite.add("file", b"content")
    suite.repository.publish(NOW)
    path = next(path for path in suite.repository.tree if path.startswith("image/targets/"))
    suite.repository.tree[path] = b"CONTENT"
    assert suite.run("--target-name", "file", "download") == 1
    assert list((suite.directory / "targets").iterdir()) == []


@pytest.mark.parametrize("name", ODD_NAMES)
def test_roles_of_any_name_are_found_and_stay_in_their_directory(suite: Suite, name: str) -> None:
    repository = suite.repository
    key = repository.signers["bin"][0].public_key
    role = DelegatedRole(name, [key.keyid], 1, terminating=False, paths=["*"])
    repository.targets.delegations = Delegations({key.keyid: key}, {name: role})
    repository.bins[name] = Targets(version=1, expires=NOW + timedelta(days=9))
    repository.publish(NOW)
    quoted = quote(name, "")
    tree = repository.tree
    tree[f"image/metadata/1.{quoted}.json"] = tree.pop(f"image/metadata/1.{name}.json")
    assert suite.run("--target-name", "nothing", "download") == 1
    assert quoted in suite.read_versions()


def test_an_older_tree_is_refused_and_the_newer_metadata_stay(suite: Suite) -> None:
    old = dict(suite.repository.tree)
    suite.repository.publish(NOW)
    assert suite.run("refresh") == 0
    suite.repository.tree["image/metadata/timestamp.json"] = old["image/metadata/timestamp.json"]
    assert suite.run("refresh") == 1
    assert suite.read_versions()["timestamp"] == 2


def test_an_expired_timestamp_is_refused_and_not_kept(suite: Suite) -> None:
    suite.repository.publish(NOW - timedelta(days=8))
    assert suite.run("refresh") == 1
    assert "timestamp" not in suite.read_versions()


def test_a_root_without_a_valid_signature_asks_nobody(suite: Suite) -> None:
    root = Metadata.from_bytes(suite.repository.tree["image/metadata/1.root.json"])
    root.signatures.clear()
    path = suite.directory / "root.json"
    root.to_file(str(path))
    assert suite.run("init", str(path)) == 0
    assert suite.run("refresh") == 1
    assert suite.asked == []


def test_many_roots_are_followed_and_the_newest_is_kept(suite: Suite) -> None:
    for _ in range(6):
        suite.repository.put_root()
    assert suite.run("refresh") == 0
    assert suite.read_versions()["root"] == 7
