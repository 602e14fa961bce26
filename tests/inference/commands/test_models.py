"""`unitctl models`, as a technician types it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import onnx
import pytest

from appliance.__main__ import main
from tests.scenes.onnx_models import make_model, write_model
from tests.stand_ins.fake_model_store import NANODET, write_small_model

SETTINGS = """
[unit]
data_dir = "data"
run_dir = "run"

[computer]
core_w = 4
"""


class Unit:
    """A unit's directory, and `unitctl models` to type at it."""

    def __init__(self, directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.settings = directory / "unit.toml"
        self.settings.write_text(SETTINGS)
        self.store = directory / "data/models"
        self._capsys = capsys

    def type(self, *words: str | Path) -> tuple[int, str, str]:
        """Exit code, standard output, standard error."""
        with pytest.raises(SystemExit) as left:
            main(["models", "--settings", str(self.settings), *map(str, words)])
        output = self._capsys.readouterr()
        assert isinstance(left.value.code, int)
        return left.value.code, output.out, output.err

    def listed(self) -> dict[str, dict[str, Any]]:
        code, out, _ = self.type("--json")
        assert code == 0
        return {one["name"]: one for one in json.loads(out)}


@pytest.fixture
def unit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Unit:
    return Unit(tmp_path, capsys)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the model `small`, added once by the real examination."""
    directory = tmp_path_factory.mktemp("unit")
    (directory / "unit.toml").write_text(SETTINGS)
    words = [sys.executable, "-m", "appliance", "models", "add", str(write_small_model(directory))]
    words += ["--settings", str(directory / "unit.toml")]
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    assert "small (" in done.stdout
    assert "`unitctl models use small` chooses it" in done.stdout
    return directory / "data/models"


@pytest.fixture
def with_small(unit: Unit, filled: Path) -> Unit:
    shutil.copytree(filled, unit.store)
    return unit


@pytest.mark.parametrize("words", [(), ("list",)])
def test_the_list_shows_name_digest_tier_licence_energy_and_use(
    with_small: Unit, words: tuple[str, ...]
) -> None:
    code, out, _ = with_small.type(*words)
    assert code == 0
    lines = {line.split()[0]: line for line in out.splitlines()[1:]}
    assert "4f718a0dce54 | int8 | Apache-2.0 | of the software | 0.5 J a frame" in lines[NANODET]
    assert "in use: [inference] model" in lines[NANODET]
    assert "| user | Apache-2.0 | own, not signed |" in lines["small"]
    assert "not in use" in lines["small"]


def test_the_list_as_json(with_small: Unit) -> None:
    listed = with_small.listed()
    assert listed[NANODET]["used_by"] == ["[inference] model"]
    assert (listed[NANODET]["shipped"], listed["small"]["shipped"]) == (True, False)
    assert (listed["small"]["per_frame_j"], listed["small"]["measured"]) == (0.5, False)


def test_a_model_whose_card_is_damaged_is_listed_with_what_is_wrong(with_small: Unit) -> None:
    (card,) = with_small.store.glob("*/small.json")
    card.write_text("{")
    code, out, _ = with_small.type()
    assert code == 0
    assert "small.json is damaged or incomplete" in out


def test_a_bad_model_is_refused_in_one_sentence(unit: Unit, tmp_path: Path) -> None:
    model = make_model()
    model.graph.node.append(onnx.helper.make_node("Evil", ["x"], ["e"], domain="com.evil"))
    code, out, err = unit.type("add", write_model(tmp_path / "bad", model))
    assert (code, out) == (1, "")
    assert err.startswith("unitctl: the model small needs the custom operator com.evil.Evil")
    assert len(err.splitlines()) == 1
    assert "small" not in unit.listed()


def test_an_agpl_model_is_refused_whatever_its_card_says(unit: Unit, tmp_path: Path) -> None:
    model = make_model()
    model.metadata_props.add(key="license", value="AGPL-3.0 License (https://ultralytics.com)")
    source = write_model(tmp_path / "agpl", model)
    code, _, err = unit.type("add", source)
    assert code == 1
    assert "comes from AGPL work" in err
    allowed = '\n[inference]\nlicences = ["Apache-2.0", "AGPL-3.0"]\n'
    unit.settings.write_text(SETTINGS + allowed)
    assert unit.type("add", source)[0] == 0


def test_the_card_may_stand_elsewhere(unit: Unit, tmp_path: Path) -> None:
    source = write_small_model(tmp_path)
    source.with_suffix(".json").rename(tmp_path / "card.txt")
    code, _, err = unit.type("add", source)
    assert (code, "name them with --labels FILE" in err) == (1, True)
    code, out, _ = unit.type("add", source, "--card", tmp_path / "card.txt", "--json")
    assert code == 0
    assert json.loads(out)["name"] == "small"


def test_a_model_is_chosen_and_left_again(with_small: Unit) -> None:
    code, out, _ = with_small.type("use", "small")
    assert code == 0
    assert "inference uses small" in out
    assert with_small.listed()["small"]["used_by"] == ["unitctl models use"]
    code, _, err = with_small.type("remove", "small")
    assert (code, "is in use" in err) == (1, True)
    code, out, _ = with_small.type("use", "--default")
    assert (code, f"inference uses {NANODET}, as the settings say" in out) == (0, True)
    assert with_small.type("remove", "small")[0] == 0
    assert "small" not in with_small.listed()


def test_use_wants_a_name_or_the_default(with_small: Unit) -> None:
    assert with_small.type("use")[0] == 2
    assert with_small.type("use", "small", "--default")[0] == 2
    code, _, err = with_small.type("use", "smal")
    assert (code, "did you mean 'small'?" in err) == (1, True)


def test_verify_separates_the_sound_from_the_damaged(with_small: Unit) -> None:
    code, out, _ = with_small.type("verify", "small")
    assert (code, "sound, sha256" in out) == (0, True)
    (model,) = with_small.store.glob("*/small.onnx")
    model.write_bytes(model.read_bytes()[:-1])
    code, out, _ = with_small.type("verify", "--json", "small")
    assert code == 1
    (answer,) = json.loads(out)
    assert (answer["name"], answer["ok"]) == ("small", False)
    assert "damaged or another one" in answer["text"]


def test_bench_measures_and_the_list_then_shows_it(with_small: Unit) -> None:
    code, out, _ = with_small.type("bench", "small", "--seconds", "0.2", "--json")
    assert code == 0
    figure = json.loads(out)
    assert (figure["name"], figure["provider"]) == ("small", "CPUExecutionProvider")
    assert figure["frames"] >= 5
    assert 0 < figure["median_ms"] <= figure["p95_ms"]
    if not figure["measured"]:
        assert figure["per_frame_j"] == pytest.approx(figure["cpu_ms"] / 1000 * 4)
    listed = with_small.listed()["small"]
    assert listed["per_frame_j"] == figure["per_frame_j"]
    assert "on 20" in listed["energy_is"]
    assert listed["p95_ms"] == figure["p95_ms"]
    assert listed["measured_at"].startswith("20")
    assert listed["examined_at"].startswith("20"), "it was tried when it was added"
    assert listed["size_bytes"] > 100
    assert listed["labels"]
    assert "x" in listed["input"]
    code, out, _ = with_small.type("bench", "small", "--seconds", "0.2")
    assert (code, "ms a frame" in out) == (0, True)
    assert len(json.loads((with_small.store / "bench.json").read_text())["figures"]) == 1


def test_bench_wants_a_time_that_ends(unit: Unit) -> None:
    for seconds in ("0", "-1", "nan", "1e9"):
        assert unit.type("bench", "--seconds", seconds)[0] == 2


def test_the_other_commands_do_not_pay_for_this_one() -> None:
    code = (
        "import sys; from appliance.__main__ import make_parser; make_parser();"
        "heavy = ('onnx', 'onnxruntime', 'numpy', 'cv2', 'inference.model_store');"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
