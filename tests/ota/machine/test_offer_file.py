"""The offer beside the journal: given only where its manifest is the one that was verified."""

import json
from dataclasses import replace

import pytest

from ota.machine.offer_file import OfferFile
from tests.stand_ins.recording_files import RecordingFiles
from tests.stand_ins.update_unit import HOME, NOON, make_offer


@pytest.fixture
def file() -> OfferFile:
    files = RecordingFiles()
    files.make_directory(HOME)
    return OfferFile(files, HOME / "offer.json")


def test_an_offer_is_read_as_it_was_written(file: OfferFile) -> None:
    offer = replace(make_offer("2", sequence=2), until=NOON, wave="first", offline=True)
    offer = replace(offer, window="22:00-05:00")
    file.write(offer)
    assert file.read(offer.manifest_sha256) == offer


def test_an_offer_of_an_older_version_has_no_window(file: OfferFile) -> None:
    offer = make_offer("2", sequence=2)
    file.write(offer)
    tree = json.loads(file.files.read(file.path, most_bytes=10_000))
    del tree["window"]
    file.files.write(file.path, json.dumps(tree).encode())
    assert file.read(offer.manifest_sha256) == offer


def test_what_is_kept_follows_other_terms_of_the_same_release_only(file: OfferFile) -> None:
    offer, other = make_offer("2", sequence=2), make_offer("3", sequence=3)
    file.write(offer)
    narrowed = replace(offer, window="22:00-05:00", until=NOON)
    file.follow(narrowed)
    assert file.read(offer.manifest_sha256) == narrowed
    file.follow(other)
    assert file.read(other.manifest_sha256) is None
    assert isinstance(file.files, RecordingFiles)
    before = len(file.files.calls)
    file.follow(narrowed)
    assert len(file.files.calls) == before


def test_no_other_offer_is_given(file: OfferFile) -> None:
    offer, other = make_offer("2", sequence=2), make_offer("3", sequence=3)
    file.write(offer)
    assert file.read(other.manifest_sha256) is None


@pytest.mark.parametrize("keep", [0, 1, 50, 400, -1])
def test_a_torn_offer_is_none(file: OfferFile, keep: int) -> None:
    offer = make_offer("2", sequence=2)
    file.write(offer)
    data = file.files.read(file.path, most_bytes=10_000)
    file.files.write(file.path, data[:keep])
    assert file.read(offer.manifest_sha256) is None


def test_a_missing_offer_is_none(file: OfferFile) -> None:
    assert file.read("ab" * 32) is None
