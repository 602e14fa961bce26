"""The cost per inference: by the list, at least the processor time, twice as much on the CPU."""

import pytest

from appliance.media.frames import I420, Picture
from inference.detection.detector import CPU
from inference.energy.cost import CostModel
from inference.model_store import ModelCost
from tests.stand_ins.fake_inference import FakeDetector
from tests.stand_ins.fakes import FakeClock

CORE_W = 3.0
GPU = "CUDAExecutionProvider"
LIST = {GPU: ModelCost(0.5, 20.0, 4.0, measured=False)}


def cost_model(listed: dict[str, ModelCost] | None = None) -> CostModel:
    """By provider; one that is not in the list has the settings' cost."""
    known = listed if listed is not None else LIST
    default = ModelCost(0.5, 6.0, 2.0, measured=False)
    return CostModel(lambda _, provider: known.get(provider, default), core_w=CORE_W)


def detector(provider: str, wanted: str = "") -> FakeDetector:
    made = FakeDetector(wanted=wanted or provider, got=provider)
    made.load()
    return made


def test_a_run_costs_what_the_list_says_but_not_less_than_its_processor_time() -> None:
    own = cost_model()
    assert own.record_run(detector(CPU), cpu_s=0.01).energy_j == 0.5
    dear = own.record_run(detector(CPU), cpu_s=0.4)
    assert dear.energy_j == pytest.approx(1.2)
    assert not dear.measured


def test_what_a_meter_measured_is_believed_against_processor_time() -> None:
    own = cost_model({GPU: ModelCost(0.2, 20.0, 4.0, measured=True)})
    took = own.record_run(detector(GPU), cpu_s=0.4)
    assert (took.energy_j, took.measured) == (0.2, True)
    assert own.estimate_run_j(detector(GPU)) == 0.2


def test_on_the_cpu_in_place_of_the_gpu_a_run_costs_twice_the_nominal() -> None:
    own, fallen = cost_model({}), detector(CPU, wanted=GPU)
    assert (own.estimate_nominal_j(fallen), own.estimate_run_j(fallen)) == (0.5, 1.0)
    assert own.record_run(fallen, cpu_s=0.01).energy_j == 1.0


def test_a_figure_of_the_cpu_itself_stands_above_the_guess() -> None:
    own = cost_model(
        {GPU: ModelCost(0.5, 1, 1, measured=False), CPU: ModelCost(0.7, 1, 1, measured=False)}
    )
    assert own.estimate_run_j(detector(CPU, wanted=GPU)) == 0.7


def test_runs_that_cost_more_than_the_list_says_raise_the_estimate_in_steps() -> None:
    own, slow = cost_model(), detector(CPU)
    own.record_run(slow, cpu_s=1.0)
    assert own.estimate_run_j(slow) == pytest.approx(3.0)
    for _ in range(50):
        own.record_run(slow, cpu_s=1.05)
    assert own.estimate_run_j(slow) == pytest.approx(3.0), "no plan changes for a few hundredths"
    for _ in range(50):
        own.record_run(slow, cpu_s=2.0)
    assert own.estimate_run_j(slow) == pytest.approx(6.0, rel=0.3)


def test_a_new_figure_counts_from_the_next_refresh() -> None:
    listed = {CPU: ModelCost(0.5, 1, 1, measured=False)}
    own, one = cost_model(listed), detector(CPU)
    assert own.estimate_run_j(one) == 0.5
    listed[CPU] = ModelCost(0.1, 1, 1, measured=True)
    assert own.estimate_run_j(one) == 0.5
    own.refresh()
    assert own.estimate_run_j(one) == 0.1


def test_loading_costs_what_the_list_says_until_it_was_done_then_what_it_took() -> None:
    own, one = cost_model(), FakeDetector(wanted=CPU, got=CPU)
    assert own.estimate_pending_load_j(one) == 6.0
    one.load()
    assert own.record_load(one, cpu_s=0.5) == pytest.approx(1.5)
    assert own.estimate_pending_load_j(one) == 0
    one.free()
    assert own.estimate_pending_load_j(one) == pytest.approx(1.5)


def test_what_a_gpu_takes_to_load_is_not_seen_in_processor_time() -> None:
    assert cost_model().record_load(detector(GPU), cpu_s=0.5) == 20.0


def test_decoding_is_modelled_by_the_pixels_of_all_pictures_of_the_group() -> None:
    def picture(width: int, height: int) -> Picture:
        stamp = FakeClock().stamp()
        return Picture("gate", stamp, 1, 0, 1.0, width, height, I420, b"")

    own = cost_model()
    one_j = own.estimate_decode_j(picture(1920, 1080), missed=0)
    assert one_j == pytest.approx(4.9e-3 * CORE_W)
    assert own.estimate_decode_j(picture(1920, 1080), missed=4) == pytest.approx(5 * one_j)
    assert own.estimate_decode_j(picture(960, 540), missed=0) == pytest.approx(one_j / 4)
    assert own.estimate_decode_j(picture(1920, 1080), missed=9000) == pytest.approx(60 * one_j)
