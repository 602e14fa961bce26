"""`/metrics`: what Prometheus reads is what the rows say, in its own rules, and never a secret."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from appliance.errors import CameraError
from appliance.model import EnergyLevel
from appliance.model_cameras import CameraCoverage, CameraMode, HoldKind, Watching
from appliance.model_sources import SourcePhase, SourceState
from appliance.model_updates import CheckIn, LinkPhase, LinkState, UpdateState, UpdateStep
from appliance.sections.alarms import ChannelSettings, RecipientSettings
from appliance.sections.cameras import CameraSettings
from appliance.sections.link import LinkSettings
from appliance.sections.sources import SourceSettings
from appliance.settings import Settings
from appliance.store.camera_holds import Order, add_holds, make_hold
from appliance.web.app import create_app
from appliance.web.metric_samples import collect_samples
from appliance.web.metric_services import collect_services
from appliance.web.metric_table import METRICS, PREFIX, Metric
from tests.conftest import ROOT, OpenStore
from tests.scenes import alarms, eight_cameras, filled
from tests.stand_ins.fakes import FakeClock

PAGE = (ROOT / "docs/metrics.md").read_text()
Found = dict[tuple[str, frozenset[tuple[str, str]]], float]


def get_full_name(metric: Metric) -> str:
    """As it is served."""
    return f"{PREFIX}{metric.name}{'_total' if metric.counter else ''}"


@pytest.fixture
def client(settings: Settings, clock: FakeClock) -> FlaskClient:
    return create_app(settings, clock).test_client()


def scraped(client: FlaskClient) -> Found:
    """Name and labels -> value, as Prometheus understands it."""
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    families = text_string_to_metric_families(answer.text)
    return {
        (sample.name.removeprefix(PREFIX), frozenset(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


def value(found: Found, name: str, **labels: str) -> float | None:
    return found.get((name, frozenset(labels.items())))


def test_a_working_unit_is_scraped_in_base_units(
    client: FlaskClient, open_store: OpenStore, settings: Settings
) -> None:
    filled.fill(open_store)
    found = scraped(client)
    assert value(found, "battery_charge_ratio") == 0.72
    assert value(found, "battery_energy_joules") == 1800 * 3600
    assert value(found, "battery_equivalent_cycles") == 40
    assert value(found, "battery_health_ratio") == pytest.approx(0.9)
    assert value(found, "battery_since_full_seconds") == 3 * 86_400
    assert value(found, "pv_yesterday_energy_joules") == 3000 * 3600
    assert value(found, "pv_yesterday_specific_yield_hours") == 5.0
    assert value(found, "pv_yesterday_curtailed_seconds") == 7200
    assert value(found, "pv_last_month_performance_ratio") == pytest.approx(0.82)
    assert value(found, "pv_power_watts") == 312
    assert value(found, "battery_temperature_celsius") is None, "606 degrees are not plausible"
    assert value(found, "level", level="full") == 1
    assert value(found, "level", level="eco") == 0
    assert value(found, "load_power_watts", load="camera demo", origin="modelled") == 3.0
    assert value(found, "camera_mode", camera="demo", mode="watch") == 1
    assert value(found, "camera_mode", camera="demo", mode="active") == 0
    assert value(found, "camera_power_watts", camera="demo", part="looking") == 1.8
    assert value(found, "camera_frames_served_total", camera="demo") == 100
    assert value(found, "camera_last_day_motions", camera="demo", looked="true") == 1
    assert value(found, "camera_last_day_motions", camera="demo", looked="false") == 0
    assert value(found, "camera_last_day_events", camera="demo") == 1
    assert value(found, "inference_frames_per_second") == 5
    assert value(found, "inference_last_hour_energy_joules") == pytest.approx(144)
    provider = {"provider": "CPUExecutionProvider", "model": filled.DIGEST, "tier": "int8"}
    assert value(found, "inference_info", **provider) == 1
    assert value(found, "gpu_utilisation_ratio", gpu="GPU 0") == 0.2
    assert value(found, "disk_used_ratio") == 0.4
    assert value(found, "service_age_seconds", service="power") == 0
    assert value(found, "faults_open") == 0


def test_what_is_no_longer_known_is_absent_and_a_silent_service_grows_old(
    client: FlaskClient, open_store: OpenStore, clock: FakeClock
) -> None:
    filled.fill(open_store)
    clock.advance(400)
    found = scraped(client)
    names = {name for name, _ in found}
    assert names == {
        "unit_info",
        "battery_equivalent_cycles",
        "battery_health_ratio",
        "battery_health_sigma_ratio",
        "battery_since_full_seconds",
        "pv_yesterday_energy_joules",
        "pv_yesterday_specific_yield_hours",
        "pv_yesterday_curtailed_seconds",
        "pv_last_month_performance_ratio",
        "camera_hold",
        "camera_last_day_seconds",
        "camera_last_day_motions",
        "camera_last_day_events",
        "camera_last_motion_timestamp_seconds",
        "camera_last_event_timestamp_seconds",
        "inference_last_hour_frames",
        "inference_last_hour_energy_joules",
        "service_age_seconds",
        "service_silent",
        "faults_open",
        "camera_mean_power_watts",
    }
    assert value(found, "camera_mean_power_watts", camera="demo", part="camera") is None
    assert value(found, "service_age_seconds", service="camera@demo") == 400


def test_a_service_is_silent_also_where_it_never_reported_but_not_where_it_need_not_run(
    client: FlaskClient, open_store: OpenStore, settings: Settings, clock: FakeClock
) -> None:
    power = open_store("power")
    levels = {"sentinel": EnergyLevel.SENTINEL, "hibernate": EnergyLevel.HIBERNATE}
    for level, silent in (("sentinel", {"camera@demo"}), ("hibernate", set())):
        power.add(filled.budget(clock.stamp(), levels[level]))
        power.publish_status("power", "works")
        found = scraped(client)
        services = ("power", "plan", "sensors", "camera@demo", "inference")
        now = {name for name in services if value(found, "service_silent", service=name) == 1}
        assert now == {"plan", "sensors"} | silent
    clock.advance(400)
    assert value(scraped(client), "service_silent", service="power") == 1
    assert value(scraped(client), "service_silent", service="camera@demo") == 0, "no budget"


@pytest.mark.parametrize(
    ("level", "silent"),
    [
        (EnergyLevel.OFF, set()),
        (EnergyLevel.HIBERNATE, set()),
        (EnergyLevel.SENTINEL, {"camera@gate"}),
        (EnergyLevel.ECO, {"camera@gate", "camera@yard", "inference"}),
        (EnergyLevel.FULL, {"camera@gate", "camera@yard", "camera@shed", "inference"}),
    ],
)
def test_a_service_is_silent_from_the_level_at_which_it_runs(
    open_store: OpenStore,
    settings: Settings,
    clock: FakeClock,
    level: EnergyLevel,
    silent: set[str],
) -> None:
    power, camera = open_store("power"), settings.camera["demo"]
    runs_from = {"gate": "SENTINEL", "yard": "ECO", "shed": "FULL"}
    cameras = {
        name: replace(camera, runs_from=EnergyLevel[word]) for name, word in runs_from.items()
    }
    power.add(filled.budget(clock.stamp(), level))
    samples = list(collect_services(power, replace(settings, camera=cameras)))
    found = {one.labels[0] for one in samples if one.name == "service_silent" and one.value}
    assert found - {"power", "plan", "sensors"} == silent


def test_after_a_reboot_no_age_is_known(
    client: FlaskClient, open_store: OpenStore, clock: FakeClock
) -> None:
    filled.fill(open_store)
    clock.reboot()
    names = {name for name, _ in scraped(client)}
    assert not {"service_age_seconds", "level", "camera_mode", "battery_charge_ratio"} & names


def test_the_mean_of_an_hour_is_served_for_both_parts(
    client: FlaskClient, open_store: OpenStore, clock: FakeClock
) -> None:
    camera, inference = open_store("camera"), open_store("inference")
    clock.advance(3600)
    eight_cameras.write(camera, inference)
    camera.add(filled.camera_state(clock.stamp(), "demo", CameraMode.LISTEN, 2.0))
    clock.advance(60)
    camera.add(filled.camera_state(clock.stamp(), "demo", CameraMode.LISTEN, 2.0))
    found = scraped(client)
    assert value(found, "camera_mean_power_watts", camera="demo", part="camera") == 2.0
    assert value(found, "camera_mean_power_watts", camera="demo", part="looking") == 0.0


def test_what_people_took_from_a_camera_and_what_was_not_watched_are_served(
    client: FlaskClient, open_store: OpenStore, settings: Settings, clock: FakeClock
) -> None:
    filled.fill(open_store)
    camera = open_store("camera")
    order = Order(who="anna", via="unitctl")
    add_holds(camera, make_hold("demo", HoldKind.PAUSE, order, clock.stamp()))
    clock.advance(3600)
    camera.add(CameraCoverage(clock.stamp(), "demo", Watching.PAUSED, 3600.0, "paused by anna"))
    found = scraped(client)
    held = {
        kind.value: value(found, "camera_hold", camera="demo", kind=kind.value) for kind in HoldKind
    }
    assert held == {"paused": 1, "muted": 0, "off": 0}
    paused_s = value(found, "camera_last_day_seconds", camera="demo", watching="paused")
    assert paused_s == pytest.approx(3600, abs=1)
    seconds = [one for (name, _), one in found.items() if name == "camera_last_day_seconds"]
    assert sum(seconds) <= 86_400 + 1


def test_an_open_fault_is_served_by_its_names_and_when_it_began(
    client: FlaskClient, open_store: OpenStore, clock: FakeClock
) -> None:
    filled.fill(open_store)
    filled.break_camera(open_store)
    clock.advance(100)
    found = scraped(client)
    assert value(found, "faults_open") == 1
    began = value(found, "fault_since_timestamp_seconds", source="camera@demo", code="camera")
    assert began == clock.utc.timestamp() - 100


def test_no_password_is_ever_served(
    settings: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    """The camera's source, its reason, its fault, its service: all hold one here."""
    sources = {name: CameraSettings(source=filled.SECRET_URL) for name in eight_cameras.NAMES}
    client = create_app(replace(settings, camera=sources), clock).test_client()
    filled.fill(open_store)
    eight_cameras.write(open_store("camera"), open_store("inference"))
    for name in eight_cameras.NAMES:
        open_store("camera").raise_fault(f"camera@{name}", CameraError(eight_cameras.GONE))
        open_store("camera").publish_status(f"camera@{name}", eight_cameras.GONE)
    for accept in ("text/plain", "application/openmetrics-text; version=1.0.0"):
        text = client.get("/metrics", headers={"Accept": accept}).text
        assert "far-field" in text
        assert eight_cameras.PASSWORD not in text
        assert "admin" not in text


def test_open_metrics_are_served_to_those_who_ask(
    client: FlaskClient, open_store: OpenStore
) -> None:
    filled.fill(open_store)
    answer = client.get("/metrics", headers={"Accept": "application/openmetrics-text"})
    assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


def test_without_a_database_the_scrape_fails_in_words(client: FlaskClient) -> None:
    answer = client.get("/metrics")
    assert answer.status_code == 503
    assert "cannot be opened" in answer.text


def test_nothing_of_this_process_is_served_and_nothing_is_kept_in_the_global_registry(
    client: FlaskClient, open_store: OpenStore
) -> None:
    filled.fill(open_store)
    text = client.get("/metrics").text
    assert not re.search(r"^(python|process)_", text, re.MULTILINE)
    assert not [metric for metric in REGISTRY.collect() if metric.name.startswith(PREFIX)]


# --- names ----------------------------------------------------------------------------------------


def every_sample(open_store: OpenStore, settings: Settings, clock: FakeClock) -> Iterator[str]:
    """The names of all samples that a unit can have."""
    clock.advance(3600)
    filled.fill(open_store)
    filled.break_camera(open_store)
    clock.advance(59)
    now = clock.stamp()
    open_store("camera").add(filled.camera_state(now))
    open_store("power").add(replace(filled.reading(now), quality={}))
    open_store("power").add(
        SourceState(now, "main", SourcePhase.GIVING, power_w=400.0, fuel_left_kwh=3.0)
    )
    open_store("checkin").add(
        CheckIn(now, "https://mirror.test", "fetches"),
        UpdateState(now, UpdateStep.DOWNLOAD, "3", "1", "fetches", "energy", 45.0),
    )
    open_store("alarm").add(*alarms.make_rows(now))
    state = LinkState(now, LinkPhase.CONNECTED, "", signal_pct=60.0, budget_bytes=1)
    open_store("sensors").add(state)
    settings = replace(
        settings,
        link=LinkSettings(enabled=True),
        source={"main": SourceSettings()},
        recipient={"owner": RecipientSettings(channels=("mail",))},
        channel={"mail": ChannelSettings()},
    )
    return (one.name for one in collect_samples(open_store(), settings) if one.value is not None)


def test_the_table_the_samples_and_the_page_name_the_same_metrics(
    open_store: OpenStore, settings: Settings, clock: FakeClock
) -> None:
    table = [metric.name for metric in METRICS]
    assert len(table) == len(set(table))
    assert set(every_sample(open_store, settings, clock)) == set(table)
    explained = re.findall(rf"^\| `({PREFIX}\w+)` \|", PAGE, re.MULTILINE)
    assert explained == sorted(explained, key=[get_full_name(one) for one in METRICS].index)
    assert explained == [get_full_name(one) for one in METRICS]


def test_the_labels_on_the_page_are_those_that_are_served() -> None:
    for metric in METRICS:
        row = re.search(rf"^\| `{get_full_name(metric)}` \| ([^|]*) \|", PAGE, re.MULTILINE)
        assert row, get_full_name(metric)
        assert tuple(re.findall(r"`(\w+)`", row[1])) == metric.labels, get_full_name(metric)


def test_the_names_follow_the_rules_of_prometheus() -> None:
    for metric in METRICS:
        assert re.fullmatch(r"[a-z]+(_[a-z0-9]+)*", metric.name)
        assert not metric.name.endswith(("_total", "_wh", "_w", "_pct", "_percent", "_ms"))
        for word in ("joules", "watts", "volts", "amperes", "celsius", "bytes", "ratio", "seconds"):
            assert word not in metric.name or metric.name.endswith((f"_{word}", "_per_second"))
    assert [metric.name for metric in METRICS if metric.counter] == [
        "camera_frames_served",
        "camera_frames_skipped",
        "camera_frames_decoded",
        "camera_frames_corrupt",
        "camera_decode_errors",
    ]


def test_an_update_is_told_by_its_state_and_what_it_waits_for(
    client: FlaskClient, open_store: OpenStore, clock: FakeClock
) -> None:
    store, now = open_store("checkin"), clock.stamp()
    assert not [name for name, _ in scraped(client) if name.startswith(("update_", "checkin_"))]
    store.add(
        CheckIn(now, "https://mirror.test", "fetches"),
        UpdateState(now, UpdateStep.ROLLBACK, "2", "1", "it is taken back"),
        UpdateState(now, UpdateStep.REPORT, "2", "1", "it is taken back"),
        UpdateState(now, UpdateStep.DOWNLOAD, "3", "1", "fetches", "energy", 45.0),
    )
    clock.advance(90)
    found = scraped(client)
    assert value(found, "update_step", step="download") == 1
    assert value(found, "update_step", step="idle") == 0
    assert value(found, "update_waits", waits_for="energy") == 1
    assert value(found, "update_progress_ratio") == pytest.approx(0.45)
    assert value(found, "update_last_month_failed_releases") == 1
    assert value(found, "checkin_age_seconds") == 90
