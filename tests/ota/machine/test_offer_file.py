"""The offer beside the journal: given only where its manifest is the one that was verified."""

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
    file.write(offer)
    assert file.read(offer.manifest_sha256) == offer


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
