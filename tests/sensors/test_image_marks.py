"""Faults of the image's first programs, from the files that those leave."""

from pathlib import Path

import pytest

from sensors.image_marks import (
    DATA_IN_MEMORY,
    DATA_LOCKED,
    NOT_ENCRYPTED,
    PROVISION_REFUSED,
    RECOVERY_KEY,
    SETTINGS_LOST,
    find_marked_faults,
)


def mark(root: Path, *places: Path, text: str = "") -> None:
    for place in places:
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        (root / place).write_text(text)


def test_a_unit_without_the_image_has_none(tmp_path: Path) -> None:
    assert list(find_marked_faults(tmp_path)) == []


@pytest.mark.parametrize(
    ("places", "code", "words"),
    [
        ((DATA_IN_MEMORY,), "disk", "keeps nothing over a restart"),
        ((SETTINGS_LOST,), "disk", "`unitctl settings`"),
        ((DATA_IN_MEMORY, DATA_LOCKED), "encryption", "provision/recovery-key"),
        ((NOT_ENCRYPTED,), "encryption", "switch the TPM 2.0 on"),
        ((RECOVERY_KEY,), "encryption", "`sudo recovery-key taken`"),
    ],
)
def test_each_mark_is_a_fault_that_says_what_to_do(
    tmp_path: Path, places: tuple[Path, ...], code: str, words: str
) -> None:
    mark(tmp_path, *places)
    (fault,) = find_marked_faults(tmp_path)
    assert (fault.code, words in str(fault)) == (code, True), str(fault)


def test_what_was_not_taken_of_the_first_partition_is_a_fault_in_the_words_of_the_program(
    tmp_path: Path,
) -> None:
    why = "unit.toml: this unit has settings that can be used\nnotes.txt: only unit.toml is read\n"
    mark(tmp_path, PROVISION_REFUSED, text=why)
    (fault,) = find_marked_faults(tmp_path)
    assert fault.code == "provision"
    assert "settings that can be used; notes.txt: only" in str(fault)


def test_ten_thousand_refused_files_are_a_short_sentence(tmp_path: Path) -> None:
    mark(tmp_path, PROVISION_REFUSED, text="\xe9.txt: only unit.toml is read\n" * 10_000)
    (fault,) = find_marked_faults(tmp_path)
    assert len(str(fault)) < 1000
