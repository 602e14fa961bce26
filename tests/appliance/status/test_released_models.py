"""Models that came as signed layers of a release, beside the owner's own."""

import json
from pathlib import Path

from appliance.sections.network import UpdateSettings
from appliance.settings import Settings, UnitSettings
from appliance.status import model_files


def make_settings(base: Path) -> Settings:
    return Settings(
        path=base / "unit.toml",
        unit=UnitSettings(data_dir=base / "data"),
        update=UpdateSettings(dir=base / "ota"),
    )


def put_model(directory: Path, name: str, digest: str) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    (directory / f"{name}.onnx").write_bytes(b"model")
    (directory / f"{name}.json").write_text(json.dumps({"sha256": digest}))


def put_released(base: Path, name: str, digest: str, pointer: str = "current") -> Path:
    tree = base / "ota/content" / digest
    put_model(tree, name, digest)
    link = base / "ota/pointers/models" / name / pointer
    link.parent.mkdir(parents=True)
    link.symlink_to(f"../../../content/{digest}")
    return tree


def test_a_model_of_a_release_is_found_and_its_release_is_told(tmp_path: Path) -> None:
    settings = make_settings(tmp_path)
    tree = put_released(tmp_path, "nano", "a" * 64)
    (tmp_path / "ota/pointers/origins.json").write_text(json.dumps({"a" * 64: "2026.11.1"}))
    found = model_files.find_model(settings, "nano", ())
    assert found.path == tree / "nano.onnx"
    assert (found.origin, found.shipped) == ("signed by release 2026.11.1", True)


def test_an_own_model_comes_first_and_is_told_as_not_signed(tmp_path: Path) -> None:
    settings = make_settings(tmp_path)
    put_released(tmp_path, "nano", "a" * 64)
    put_model(tmp_path / "data/models" / ("b" * 16), "nano", "b" * 64)
    assert [one.origin for one in model_files.list_models(settings, ())] == [
        "own, not signed",
        "signed by a release",
    ]
    assert model_files.find_model(settings, "nano", ()).digest == "b" * 64


def test_a_release_replaces_a_model_of_the_software(tmp_path: Path) -> None:
    put_model(tmp_path / "shipped", "nano", "c" * 64)
    put_released(tmp_path, "nano", "a" * 64)
    shipped = (tmp_path / "shipped",)
    assert model_files.find_model(make_settings(tmp_path), "nano", shipped).digest == "a" * 64


def test_a_pointer_that_leads_out_of_the_content_brings_no_model(tmp_path: Path) -> None:
    put_model(tmp_path / "elsewhere", "nano", "d" * 64)
    link = tmp_path / "ota/pointers/models/nano/current"
    link.parent.mkdir(parents=True)
    link.symlink_to(tmp_path / "elsewhere")
    assert model_files.list_models(make_settings(tmp_path), ()) == []


def test_where_the_pointer_of_the_trial_leads_nowhere_the_committed_model_is_used(
    tmp_path: Path,
) -> None:
    put_released(tmp_path, "nano", "a" * 64, "committed")
    (tmp_path / "ota/pointers/models/nano/current").symlink_to("../../../content/nothing")
    assert model_files.find_model(make_settings(tmp_path), "nano", ()).digest == "a" * 64
