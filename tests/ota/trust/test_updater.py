"""The one place where python-tuf is changed: the source that it counts on is still the same."""

import hashlib
import inspect
from importlib.metadata import version
from pathlib import Path

import pytest
from tuf.ngclient import Updater
from tuf.ngclient._internal.trusted_metadata_set import TrustedMetadataSet

from ota.trust.updater import NOWHERE, PinnedUpdater
from tests.ota.trust.world import World

# method -> start of the SHA-256 of its source in tuf 7.0
READ = {
    Updater.__init__: "44b0590e548c25b2",
    Updater.refresh: "9a6d9c84c4cba283",
    Updater._download_metadata: "0faf1d414a2fba4e",
    Updater._load_root: "df3c1b8874dd4046",
    Updater._load_timestamp: "181d91a00e2c1b1f",
    Updater._load_snapshot: "31e9539cabd26fc3",
    Updater._load_targets: "582673e7e3179eb7",
    TrustedMetadataSet.__init__: "b6c0de0257e7cd4a",
    TrustedMetadataSet.update_timestamp: "e48f72092f5abfe2",
    TrustedMetadataSet.update_snapshot: "47cd4ce97c6d9f2c",
    TrustedMetadataSet.update_delegated_targets: "44869719e00201b0",
}
REPLACED = (
    "_load_local_metadata",
    "_persist_metadata",
    "_persist_root",
    "_update_root_symlink",
    "_load_root",
    "_load_timestamp",
    "_load_snapshot",
    "_load_targets",
    "_download_metadata",
)


def hash_source(function: object) -> str:
    source = inspect.getsource(function)  # type: ignore[arg-type]
    return hashlib.sha256(source.encode()).hexdigest()[:16]


def test_tuf_is_the_version_whose_source_was_read() -> None:
    assert version("tuf").startswith("7.0."), "read ota/trust/updater.py against the new source"
    found = {function.__qualname__: hash_source(function) for function in READ}
    assert found == {function.__qualname__: digest for function, digest in READ.items()}


@pytest.mark.parametrize("name", REPLACED)
def test_what_is_replaced_is_what_python_tuf_calls(name: str) -> None:
    assert name in vars(Updater)
    assert name in vars(PinnedUpdater)


def test_every_file_and_clock_of_python_tuf_is_reached_through_what_is_replaced() -> None:
    """Its methods that open or name a file are all replaced, but for downloads of targets."""
    touching = [
        name
        for name, one in vars(Updater).items()
        if inspect.isfunction(one)
        and any(word in inspect.getsource(one) for word in ("open(", "os.", "Path(", "tempfile"))
    ]
    unused = {"find_cached_target", "download_target", "_generate_target_file_path"}
    assert set(touching) - unused <= {*REPLACED, "_persist_file"}
    rules = inspect.getsource(TrustedMetadataSet)
    assert rules.count("datetime.now") == 1
    assert "self.reference_time = datetime.datetime.now" in rules


def test_nothing_is_written_or_read_beside_the_files_that_were_passed_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened: list[str] = []

    def note(path: object, *_: object, **__: object) -> None:
        opened.append(str(path))
        raise FileNotFoundError(path)

    world = World()
    monkeypatch.setattr("builtins.open", note)
    code = world.refuse()
    monkeypatch.undo()
    assert code == "accepted new"
    assert all(path.startswith(NOWHERE) for path in opened)
    assert opened  # python-tuf looks for a newer root there, and finds none
    assert not Path(NOWHERE).exists()
