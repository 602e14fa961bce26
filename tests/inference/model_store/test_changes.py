"""The model store as a technician changes it, and what a crash or a full disk leaves of it."""

import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.errors import ModelError
from appliance.sections.cameras import CameraSettings
from appliance.settings import Settings
from appliance.settings_text import format_settings
from inference.model_store import ModelStore, changes
from tests.stand_ins.fake_model_store import (
    FIGURE,
    NANODET,
    Examination,
    make_store,
    read_contents,
    reopen,
    write_small_model,
)


@pytest.fixture
def examination() -> Examination:
    return Examination()


@pytest.fixture
def store(settings: Settings, examination: Examination) -> ModelStore:
    return make_store(settings, examination)


def test_services_may_read_what_was_added_and_others_may_not(
    store: ModelStore, tmp_path: Path
) -> None:
    added = changes.add(store, write_small_model(tmp_path))
    changes.use(store, "small")
    for path in (added.path, added.path.with_suffix(".json"), store.root / "active.json"):
        assert path.stat().st_mode & 0o777 == 0o640
    assert added.path.parent.stat().st_mode & 0o777 == 0o750


@pytest.mark.parametrize("licence", ["AGPL-3.0", "proprietary", ""])
def test_a_licence_that_the_owner_did_not_allow_is_refused(
    store: ModelStore, examination: Examination, tmp_path: Path, licence: str
) -> None:
    source = write_small_model(tmp_path, licence={"weights": licence})
    with pytest.raises(ModelError, match="the settings do not allow that"):
        changes.add(store, source)
    assert (read_contents(store), examination.seen) == ({}, []), "it is not even examined"
    if licence:
        changes.add(reopen(store, licences=(licence,)), source)
        with pytest.raises(ModelError, match="the settings do not allow that"):
            store.find("small")


def test_a_licence_named_in_the_model_counts_more_than_its_card(
    store: ModelStore, examination: Examination, tmp_path: Path
) -> None:
    examination.strict_licences = ("AGPL: license=AGPL-3.0 License",)
    source = write_small_model(tmp_path)
    with pytest.raises(ModelError, match="comes from AGPL work, whatever its licence in the card"):
        changes.add(store, source)
    assert read_contents(store) == {}
    allowing = reopen(store, licences=("Apache-2.0", "AGPL-3.0"))
    changes.add(allowing, source)
    assert allowing.find("small")
    with pytest.raises(ModelError, match="comes from AGPL work"):
        reopen(store).find("small")


def test_an_agpl_lineage_in_the_card_counts(store: ModelStore, tmp_path: Path) -> None:
    licence = {"weights": "Apache-2.0", "lineage": "YOLOv8 (AGPL-3.0), distilled"}
    with pytest.raises(ModelError, match="the lineage in its card"):
        changes.add(store, write_small_model(tmp_path, licence=licence))


def test_the_same_model_or_another_of_its_name_is_refused(
    store: ModelStore, tmp_path: Path
) -> None:
    changes.add(store, write_small_model(tmp_path))
    before = read_contents(store)
    with pytest.raises(ModelError, match="is here already"):
        changes.add(store, write_small_model(tmp_path))
    with pytest.raises(ModelError, match="another model is called small"):
        changes.add(store, write_small_model(tmp_path, seed=2))
    with pytest.raises(ModelError, match=f"another model is called {NANODET}"):
        changes.add(store, write_small_model(tmp_path, NANODET, seed=2))
    assert read_contents(store) == before


def test_a_card_for_another_model_is_refused(store: ModelStore, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="damaged or another one"):
        changes.add(store, write_small_model(tmp_path, sha256="0" * 64))
    assert read_contents(store) == {}


def test_a_refused_model_leaves_nothing_behind(
    store: ModelStore, examination: Examination, tmp_path: Path
) -> None:
    changes.add(store, write_small_model(tmp_path))
    before = read_contents(store)
    examination.refuses = "the model other is a bomb"
    with pytest.raises(ModelError, match="is a bomb"):
        changes.add(store, write_small_model(tmp_path, "other", seed=2))
    assert read_contents(store) == before


@contextmanager
def a_full_disk(most_bytes: int) -> Iterator[None]:
    """No file may grow beyond: what a full disk does to a writer."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("most_bytes", [0, 10, 1000])
def test_a_full_disk_leaves_the_store_as_it_was(
    store: ModelStore, tmp_path: Path, most_bytes: int
) -> None:
    changes.add(store, write_small_model(tmp_path))
    changes.use(store, "small")
    before = read_contents(store)
    other = write_small_model(tmp_path, "other", seed=2)
    with a_full_disk(most_bytes), pytest.raises(ModelError, match="nothing in it was changed"):
        changes.add(store, other)
    if most_bytes < 100:
        with a_full_disk(most_bytes), pytest.raises(ModelError, match="nothing in it was changed"):
            changes.use(store, NANODET)
        with a_full_disk(most_bytes), pytest.raises(ModelError, match="nothing in it was changed"):
            changes.keep_figure(store, FIGURE)
    assert read_contents(store) == before
    assert store.find_active() == store.find("small").digest
    assert changes.add(store, other).name == "other"


def test_a_power_cut_while_adding_leaves_nothing_that_counts(
    store: ModelStore, tmp_path: Path
) -> None:
    """The process is killed in the middle: its half is not seen, and swept at the next change."""
    code = (
        "import os, sys; from pathlib import Path; from appliance import settings_file;"
        "from inference.model_store import ModelStore, changes;"
        "store = ModelStore(settings_file.load_settings(Path(sys.argv[1])),"
        " examination=lambda model, card: os.kill(os.getpid(), 9));"
        "changes.add(store, Path(sys.argv[2]))"
    )
    store.settings.path.write_text(format_settings(store.settings))
    words = [sys.executable, "-c", code, str(store.settings.path), str(write_small_model(tmp_path))]
    assert subprocess.run(words, check=False).returncode == -9
    half = [path.name for path in store.root.iterdir() if path.name.startswith(".new-")]
    assert len(half) == 1
    assert "small" not in [one.name for one in store.list_models()]
    changes.add(store, write_small_model(tmp_path))
    assert [path.name for path in store.root.iterdir() if path.name.startswith(".new-")] == []


def test_what_a_person_keeps_beside_the_models_stays(store: ModelStore, tmp_path: Path) -> None:
    changes.add(store, write_small_model(tmp_path))
    own = [store.root / name for name in (".old-models", ".new-", ".notes.json.999999999")]
    for path in own[:2]:
        path.mkdir()
    own[2].write_text("{}")
    changes.use(store, "small")
    assert all(path.exists() for path in own)


def test_a_data_directory_that_cannot_be_written_is_reported(
    store: ModelStore, tmp_path: Path
) -> None:
    store.settings.unit.data_dir.write_text("in the way")
    with pytest.raises(ModelError, match="cannot be written: Not a directory"):
        changes.add(store, write_small_model(tmp_path))


def test_only_a_model_that_nobody_uses_is_removed(store: ModelStore, tmp_path: Path) -> None:
    changes.add(store, write_small_model(tmp_path))
    with pytest.raises(ModelError, match="comes with the software"):
        changes.remove(store, NANODET)
    with pytest.raises(ModelError, match=r"in use \(\[inference\] model\)"):
        changes.remove(reopen(store, model="small"), "small")
    with pytest.raises(ModelError, match=r"in use \(\[inference\] sun_model\)"):
        changes.remove(reopen(store, sun_model="small"), "small")
    gate = {"gate": CameraSettings(model="small")}
    with pytest.raises(ModelError, match=r"in use \(\[camera\.gate\] model\)"):
        changes.remove(ModelStore(replace(store.settings, camera=gate)), "small")
    changes.use(store, "small")
    with pytest.raises(ModelError, match=r"in use \(unitctl models use\)"):
        changes.remove(store, "small")
    with pytest.raises(ModelError, match="is not in the store; delete the file itself"):
        changes.remove(store, str(tmp_path / "from/small.onnx"))
    changes.use_default(store)
    assert changes.remove(store, "small").name == "small"
    assert read_contents(store) == {}
    with pytest.raises(ModelError, match="there is no model 'small'"):
        store.find("small")


def test_a_running_service_notices_each_choice_once(store: ModelStore, tmp_path: Path) -> None:
    service = reopen(store)
    added = changes.add(store, write_small_model(tmp_path))
    assert (service.find_active(), service.has_active_changed()) == (NANODET, False)
    changes.use(store, "small")
    assert service.has_active_changed()
    assert not service.has_active_changed()
    assert service.find(service.find_active()) == added
    changes.use(store, "small")
    assert service.has_active_changed(), "chosen anew: it may be another one"
    changes.use_default(store)
    assert service.has_active_changed()
    assert service.find_active() == NANODET
    changes.use_default(store)
    assert not service.has_active_changed()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"sha256": 5}', '{"sha256": "00"}'])
def test_a_damaged_choice_is_none(store: ModelStore, text: str) -> None:
    store.root.mkdir(parents=True)
    (store.root / "active.json").write_text(text)
    assert store.find_active() == NANODET


def test_a_choice_whose_model_is_gone_is_none(store: ModelStore, tmp_path: Path) -> None:
    added = changes.add(store, write_small_model(tmp_path))
    changes.use(store, "small")
    shutil.rmtree(added.path.parent)
    assert store.find_active() == NANODET


def test_a_model_that_cannot_be_used_cannot_be_chosen(store: ModelStore, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="is not in the store; `unitctl models add`"):
        changes.use(store, str(write_small_model(tmp_path)))
    changes.add(store, write_small_model(tmp_path, "boats", classes=["boat", "ship"]))
    with pytest.raises(ModelError, match="does not know the label 'person'"):
        changes.use(store, "boats")
    assert store.find_active() == NANODET


@pytest.mark.parametrize("name", ["verdict", "---", "x.onnx"])
def test_a_name_that_cannot_be_used_is_refused(
    store: ModelStore, tmp_path: Path, name: str
) -> None:
    path = write_small_model(tmp_path)
    card = path.with_suffix(".json")
    card.write_text(card.read_text().replace('"small"', f'"{name}"'))
    with pytest.raises(ModelError, match="has no name that can be used"):
        changes.add(store, path)
    assert read_contents(store) == {}
