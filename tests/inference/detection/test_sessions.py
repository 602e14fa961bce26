"""Sessions of ONNX Runtime: what is asked of it, what it may not do, what its troubles become."""

import re
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from appliance.errors import ModelError
from appliance.model_cameras import Tier
from inference.detection import tensorrt_cache
from inference.detection.model_card import ModelCard, read_verified_card
from inference.detection.sessions import (
    CPU,
    CUDA,
    TENSORRT,
    Session,
    SessionSettings,
    format_degraded,
    make_provider_options,
    make_session_options,
    open_session,
    order_providers,
)
from tests.conftest import MODEL, ROOT
from tests.scenes.bright_models import CLASSES, SIZE, make_model, write_card

GPU_BUILD = (TENSORRT, CUDA, CPU)


@pytest.fixture
def bright(tmp_path: Path) -> Path:
    return make_model(tmp_path / "bright.onnx")


@pytest.fixture
def without_gpu() -> Iterator[None]:
    """The runtime warns of providers that its build does not have; that is what is tested."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Specified provider")
        yield


def opened(model: Path, terms: SessionSettings | None = None) -> Session:
    return open_session(model, read_verified_card(model), terms or SessionSettings())


def refusal(model: Path) -> str:
    with pytest.raises(ModelError) as caught:
        opened(model)
    text = str(caught.value)
    assert "\n" not in text
    return text


def test_the_best_provider_is_wanted_first_and_the_cpu_is_always_there(tmp_path: Path) -> None:
    assert order_providers(GPU_BUILD, tmp_path) == [TENSORRT, CUDA, CPU]
    assert order_providers((CPU, CUDA), tmp_path) == [CUDA, CPU]
    assert order_providers(("AzureExecutionProvider",), tmp_path) == [CPU]


def test_tensorrt_is_not_used_where_its_engines_cannot_be_kept() -> None:
    assert order_providers(GPU_BUILD, None) == [CUDA, CPU]


def test_a_cpu_build_gets_what_it_wants(bright: Path) -> None:
    session = opened(bright)
    assert (session.provider, session.wanted, session.degraded) == (CPU, CPU, "")
    assert session.load_s > 0


@pytest.mark.usefixtures("without_gpu")
def test_a_gpu_build_that_falls_back_to_the_cpu_is_found_out(bright: Path) -> None:
    session = opened(bright, SessionSettings(available=GPU_BUILD))
    assert (session.provider, session.wanted) == (CPU, CUDA)
    assert session.degraded == (
        "the model bright runs on the CPU, although CUDA was to be used: "
        "each frame costs more energy than planned; check the GPU's driver"
    )


@pytest.mark.usefixtures("without_gpu")
def test_a_blocked_directory_of_engines_does_not_stop_the_work(
    bright: Path, tmp_path: Path
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    session = opened(bright, SessionSettings(engines_dir=blocked, available=GPU_BUILD))
    assert (session.provider, session.wanted) == (CPU, TENSORRT)


def test_less_than_wanted_but_still_a_gpu_is_reported_without_alarm() -> None:
    assert "a little more" in format_degraded("m", wanted=TENSORRT, provider=CUDA)
    assert "CPU" not in format_degraded("m", wanted=TENSORRT, provider=CUDA)


def test_sessions_do_not_spin_and_take_the_threads_they_are_given() -> None:
    options = make_session_options(3)
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"
    assert options.get_session_config_entry("session.inter_op.allow_spinning") == "0"
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (3, 1)
    assert options.enable_cpu_mem_arena
    assert not options.enable_mem_pattern


def test_a_file_that_changes_after_its_check_is_not_loaded(bright: Path) -> None:
    card = read_verified_card(bright)
    bright.write_bytes(MODEL.read_bytes())
    with pytest.raises(ModelError, match="damaged or another one"):
        open_session(bright, card, SessionSettings())


def test_a_file_that_is_gone_is_named(bright: Path) -> None:
    card = read_verified_card(bright)
    bright.unlink()
    with pytest.raises(ModelError, match=r"bright\.onnx cannot be read: No such file"):
        open_session(bright, card, SessionSettings())


def test_a_file_that_is_no_model_is_one_sentence(bright: Path) -> None:
    bright.write_bytes(b"no model")
    write_card(bright)
    assert "is not a model that ONNX Runtime can load" in refusal(bright)


def test_an_operator_of_somebody_elses_library_is_refused(tmp_path: Path) -> None:
    model = make_model(tmp_path / "odd.onnx", domain="com.example.custom")
    assert "is not a model that ONNX Runtime can load" in refusal(model)


def test_nothing_in_this_package_registers_a_library_of_operators() -> None:
    found = [
        path.name
        for path in (ROOT / "inference").rglob("*.py")
        if re.search(r"\.register_custom_ops|\.register_execution_provider", path.read_text())
    ]
    assert found == []


def test_weights_that_are_no_numbers_are_found_out_when_the_model_is_loaded(
    tmp_path: Path,
) -> None:
    model = make_model(tmp_path / "damaged.onnx", weight=float("nan"))
    assert "gives invalid numbers (NaN)" in refusal(model)


def test_outputs_that_the_card_does_not_foretell_are_refused(bright: Path) -> None:
    write_card(bright, classes=(*CLASSES, "bus"))
    text = refusal(bright)
    assert re.search(r"gives .*\[1, 4, 2\].*but by its card \(head nanodet, 3 classes\)", text)


def test_the_batch_must_be_what_the_card_says(bright: Path) -> None:
    write_card(bright, batch=1)
    assert opened(bright).provider == CPU, "a model of any number takes one"
    fixed = make_model(bright.with_name("fixed.onnx"), batch=2)
    write_card(fixed, batch="n")
    assert "but its card says {'picture': [None, 3, 64, 64]}" in refusal(fixed)
    write_card(fixed, batch=2)
    assert opened(fixed).provider == CPU


def test_a_run_that_fails_is_one_sentence(bright: Path) -> None:
    session = opened(bright)
    with pytest.raises(ModelError, match=r"bright\.onnx failed while it ran: .*loaded again"):
        session.run(np.zeros((1, 3, SIZE, SIZE + 1), np.float32))
    assert session.run(np.zeros((1, 3, SIZE, SIZE), np.float32))


# --- what TensorRT keeps -------------------------------------------------------------------------


@pytest.fixture
def card(bright: Path) -> ModelCard:
    return read_verified_card(bright)


def test_an_engine_belongs_to_one_model_runtime_and_device(tmp_path: Path) -> None:
    base = tmp_path / "engines"
    first = tensorrt_cache.prepare_directory(
        base, runtime="onnxruntime 1.31.1", device="Orin", digest="a" * 64
    )
    assert first.is_dir()
    assert first.stat().st_mode & 0o777 == 0o700
    assert (
        tensorrt_cache.prepare_directory(
            base, runtime="onnxruntime 1.31.1", device="Orin", digest="a" * 64
        )
        == first
    )
    other_model = tensorrt_cache.prepare_directory(
        base, runtime="onnxruntime 1.31.1", device="Orin", digest="b" * 64
    )
    assert other_model != first
    assert first.is_dir(), "both models are used in turn"
    for runtime, device in (("onnxruntime 1.32", "Orin"), ("onnxruntime 1.31.1", "Orin NX")):
        assert (
            tensorrt_cache.prepare_directory(base, runtime=runtime, device=device, digest="a" * 64)
            != first
        )


def test_engines_that_nothing_can_use_any_more_are_deleted(tmp_path: Path) -> None:
    base, elsewhere = tmp_path / "engines", tmp_path / "elsewhere"
    old = tensorrt_cache.prepare_directory(
        base, runtime="onnxruntime 1.30", device="Orin", digest="a" * 64
    )
    (old / "model.engine").write_bytes(b"machine code")
    elsewhere.mkdir()
    (base / "link").symlink_to(elsewhere)
    (base / "my-own-engines").mkdir()
    new = tensorrt_cache.prepare_directory(
        base, runtime="onnxruntime 1.31", device="Orin", digest="a" * 64
    )
    assert not old.exists()
    assert new.is_dir()
    assert (base / "my-own-engines").is_dir()
    assert elsewhere.is_dir()


def test_names_of_devices_that_differ_in_signs_alone_do_not_meet(tmp_path: Path) -> None:
    one, other = (
        tensorrt_cache.make_directory_name(tmp_path, runtime="r", device=name)
        for name in ("RTX 4000", "RTX/4000")
    )
    assert one != other
    assert one.parent == other.parent == tmp_path


def test_one_engine_serves_any_number_of_pictures(card: ModelCard, tmp_path: Path) -> None:
    options = tensorrt_cache.make_tensorrt_options(card, tmp_path, 8)
    assert options["trt_engine_cache_path"] == str(tmp_path)
    assert options["trt_profile_min_shapes"] == "picture:1x3x64x64"
    assert options["trt_profile_max_shapes"] == "picture:8x3x64x64"
    fixed = tensorrt_cache.make_tensorrt_options(replace(card, batch=1), tmp_path, 8)
    assert not any("profile" in name for name in fixed)


def test_only_the_small_model_may_be_made_less_exact(card: ModelCard, tmp_path: Path) -> None:
    small = tensorrt_cache.make_tensorrt_options(replace(card, tier=Tier.INT8), tmp_path, 8)
    assert small["trt_int8_enable"] == "1"
    exact = tensorrt_cache.make_tensorrt_options(replace(card, tier=Tier.FP32), tmp_path, 8)
    assert not {"trt_int8_enable", "trt_fp16_enable"} & set(exact)


def test_tensorrt_gets_a_directory_of_this_very_model(card: ModelCard, tmp_path: Path) -> None:
    options = make_provider_options(TENSORRT, card, tmp_path)
    kept = Path(options["trt_engine_cache_path"])
    assert kept.name == card.sha256[:16]
    assert kept.parent.parent == tmp_path
    assert make_provider_options(CPU, card, tmp_path) == {}


def test_a_device_has_a_name_without_nvidias_driver_too(tmp_path: Path) -> None:
    assert tensorrt_cache.read_device_name(tmp_path)
    (tmp_path / "proc/device-tree").mkdir(parents=True)
    (tmp_path / "proc/device-tree/model").write_bytes(b"NVIDIA Jetson Orin NX\0")
    assert tensorrt_cache.read_device_name(tmp_path) == "NVIDIA Jetson Orin NX"
