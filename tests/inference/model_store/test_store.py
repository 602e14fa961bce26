"""The model store as services see it: names, digests, paths, results, licences, costs."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from appliance.checks import model as check
from appliance.errors import ModelError
from appliance.settings import Settings
from appliance.settings_text import format_settings
from appliance.status import model_files
from inference.model_store import ModelStore, changes
from tests.conftest import MODEL
from tests.scenes.onnx_models import write_model
from tests.stand_ins.fake_model_store import (
    FIGURE,
    NANODET,
    Examination,
    make_store,
    reopen,
    write_small_model,
)
from tests.stand_ins.fakes import FakeClock


@pytest.fixture
def examination() -> Examination:
    return Examination()


@pytest.fixture
def store(settings: Settings, examination: Examination) -> ModelStore:
    return make_store(settings, examination)


def test_an_added_model_is_found_by_name_digest_and_path(store: ModelStore, tmp_path: Path) -> None:
    source = write_small_model(tmp_path)
    added = changes.add(store, source)
    assert added.path.parent == store.root / added.digest[:16]
    assert added.path.read_bytes() == source.read_bytes()
    for ref in ("small", added.digest, added.digest[:8], str(added.path)):
        assert store.find(ref) == added
    assert store.find(NANODET).path.samefile(MODEL)
    assert store.find("4f718a0d").name == NANODET


def test_a_path_is_taken_from_the_directory_of_the_settings(
    store: ModelStore, tmp_path: Path
) -> None:
    write_small_model(tmp_path)
    assert store.settings.path.parent == tmp_path
    assert store.find("from/small.onnx").path == tmp_path / "from/small.onnx"


def test_an_unknown_name_gets_the_nearest_one(store: ModelStore, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="did you mean 'nanodet-g-416-int8'"):
        store.find("nanodet-416-int8")
    with pytest.raises(ModelError, match=rf"there are: .*{NANODET}; `unitctl models add"):
        store.find("0123abcd")
    with pytest.raises(ModelError, match="there is none at all"):
        ModelStore(store.settings, shipped=()).find("x")


def test_a_digest_that_fits_two_models_is_refused(store: ModelStore, tmp_path: Path) -> None:
    for number in (1, 2):
        path = write_model(
            tmp_path / str(number), b"model", f"m{number}", sha256="c0ffee" + f"{number}" * 58
        )
        shutil.copytree(path.parent, store.root / ("c0ffee" + f"{number}" * 10))
    with pytest.raises(ModelError, match="c0ffee fits several models"):
        store.lookup("c0ffee")
    assert store.lookup("c0ffee1").name == "m1"


def test_a_model_is_examined_once_and_its_result_is_kept(
    store: ModelStore, examination: Examination, tmp_path: Path
) -> None:
    changes.add(store, write_small_model(tmp_path))
    assert examination.seen == ["small.onnx"]
    store.find("small")
    reopen(store).find("small")
    assert len(examination.seen) == 1
    reopen(store).find(NANODET)
    assert len(examination.seen) == 1, "what is shipped was examined before"


def test_a_result_is_void_for_another_card_another_rule_or_none(
    store: ModelStore, examination: Examination, tmp_path: Path
) -> None:
    added = changes.add(store, write_small_model(tmp_path))
    card, result = added.path.with_suffix(".json"), added.path.with_name("verdict.json")

    def examined_again() -> bool:
        before = len(examination.seen)
        reopen(store).find("small")
        return len(examination.seen) > before

    card.write_text(card.read_text().replace('"cat"', '"dog"'))
    assert examined_again()
    assert not examined_again()
    for damage in ("", "{", "[]", result.read_text().replace('"rules": 1', '"rules": 0')):
        result.write_text(damage)
        assert examined_again()
    result.unlink()
    examination.refuses = "the model small is bad"
    with pytest.raises(ModelError, match="small is bad"):
        reopen(store).find("small")


def test_a_model_named_by_its_path_is_examined_as_well(
    store: ModelStore, examination: Examination, tmp_path: Path
) -> None:
    path = str(write_small_model(tmp_path))
    store.find(path)
    store.find(path)
    assert examination.seen == ["small.onnx"], "the same process remembers"
    card = Path(path).with_suffix(".json")
    card.write_text(card.read_text().replace('"cat"', '"dog"'))
    store.find(path)
    assert len(examination.seen) == 2, "it remembers this card alone"
    changes.verify(store, path)
    reopen(store).find(path)
    assert len(examination.seen) == 3, "`verify` wrote it down"


def test_a_stored_model_that_changed_is_refused(store: ModelStore, tmp_path: Path) -> None:
    added = changes.add(store, write_small_model(tmp_path))
    data = bytearray(added.path.read_bytes())
    data[200] ^= 1
    added.path.write_bytes(data)
    with pytest.raises(ModelError, match="damaged or another one"):
        store.find("small")
    with pytest.raises(ModelError, match="damaged or another one"):
        changes.verify(store, "small")


def test_a_licence_is_no_longer_allowed_when_the_owner_says_so(
    store: ModelStore, tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match=r"Apache-2\.0"):
        reopen(store, licences=("MIT",)).find(NANODET)


def test_a_figure_of_this_unit_counts_and_without_one_the_settings(store: ModelStore) -> None:
    digest, cpu, cuda = FIGURE.sha256, FIGURE.provider, "CUDAExecutionProvider"
    cost = store.find_cost(digest, cpu)
    assert (cost.per_frame_j, cost.measured) == (0.5, False)
    assert cost.load_j == cost.load_s * store.settings.computer.core_w
    assert "by the settings" in cost.reason
    changes.keep_figure(store, FIGURE)
    cost = store.find_cost(digest, cpu)
    assert (cost.per_frame_j, cost.load_j, cost.load_s, cost.measured) == (0.25, 3, 1.5, True)
    assert cost.reason == "measured (RAPL) on 2026-04-15"
    assert not store.find_cost(digest, cuda).measured
    assert not store.find_cost("cd" * 32, cpu).measured
    changes.keep_figure(store, replace(FIGURE, mode="MODE_15W", per_frame_j=0.1, at="2026-05"))
    assert store.find_cost(digest, cpu).per_frame_j == 0.1, "the newest, where no mode is asked for"
    assert store.find_cost(digest, cpu, mode="").per_frame_j == 0.25
    changes.keep_figure(store, replace(FIGURE, per_frame_j=0.2, at="2026-06"))
    assert store.find_cost(digest, cpu, mode="").per_frame_j == 0.2
    assert store.find_cost(digest, cpu, mode="MODE_15W").per_frame_j == 0.1


@pytest.mark.parametrize(
    "wrong",
    [
        {"per_frame_j": -1},
        {"per_frame_j": True},
        {"load_s": "1"},
        {"more": 1},
        {"at": None},
    ],
)
def test_a_damaged_figure_is_left_out(store: ModelStore, wrong: dict[str, Any]) -> None:
    good = changes.make_figure_tree(FIGURE)
    store.root.mkdir(parents=True)
    figures = [good | wrong, 5, changes.make_figure_tree(replace(FIGURE, provider="X"))]
    (store.root / "bench.json").write_text(json.dumps({"figures": figures}))
    assert not store.find_cost(FIGURE.sha256, FIGURE.provider).measured
    assert store.find_cost(FIGURE.sha256, "X").measured


def test_a_service_that_finds_its_model_does_not_load_what_examines(
    store: ModelStore, tmp_path: Path
) -> None:
    changes.add(store, write_small_model(tmp_path))
    store.settings.path.write_text(format_settings(store.settings))
    code = (
        "import sys; from pathlib import Path; from appliance import settings_file;"
        "from inference.model_store import ModelStore;"
        "store = ModelStore(settings_file.load_settings(Path(sys.argv[1])));"
        "store.find('small'); store.find(store.find_active()); store.find_cost('0', 'x');"
        "print([name for name in ('onnx', 'onnxruntime', 'google.protobuf', 'numpy', 'cv2')"
        " if name in sys.modules])"
    )
    words = [sys.executable, "-c", code, str(store.settings.path)]
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


def test_the_doctor_checks_every_model_that_is_used(
    store: ModelStore, tmp_path: Path, clock: FakeClock
) -> None:
    added = changes.add(store, write_small_model(tmp_path))
    both = reopen(store, sun_model="small").settings
    found = check.check(both, None, clock)
    assert found.ok
    assert "nanodet-g-416-int8.onnx" in found.text
    assert "small.onnx" in found.text
    added.path.write_bytes(b"else")
    assert "small.onnx, own, not signed, sha256" in check.check(both, None, clock).text
    assert check.check(both, None, clock).ok is False
    unknown = check.check(reopen(store, sun_model="smal").settings, None, clock)
    assert (unknown.ok, "sun_model: there is no model 'smal'" in unknown.text) == (False, True)


def test_a_user_who_may_not_write_the_store_can_read_it(
    store: ModelStore, tmp_path: Path, examination: Examination
) -> None:
    """A service examines a model without a result at each start, and goes on without writing."""
    added = changes.add(store, write_small_model(tmp_path))
    result = added.path.with_name("verdict.json")
    result.unlink()
    result.mkdir()  # so that not even an administrator can write it
    assert reopen(store).find("small") == added
    assert examination.seen == ["small.onnx"] * 2
    assert os.listdir(result) == []


def test_the_default_of_the_settings_is_a_model_that_is_shipped() -> None:
    assert model_files.find_model(Settings(), Settings().inference.model).shipped
