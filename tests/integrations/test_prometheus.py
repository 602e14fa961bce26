"""Prometheus and promtool of Debian: the alert rules, the dashboard's queries, a real scrape."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote
from urllib.request import urlopen

import pytest

from appliance.web.metric_table import METRICS, PREFIX
from tests.appliance.web.test_web import free_port
from tests.integrations.dashboard import (
    PROMETHEUS,
    RULES,
    find_unknown,
    list_alerts,
    list_queries,
    list_variable_queries,
)
from tests.waiting import wait_until

needs_promtool = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="needs promtool (Debian package prometheus)"
)
TESTS = PROMETHEUS / "neural-energy.test.yml"
HEAD, *ALERTS = RULES.read_text().split("      - alert: ")
# Of these a unit on a good day without a GPU, a generator and recipients has no figure.
ABSENT_TODAY = ("source_", "alarm_", "update_", "decode_errors")


def promtool(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["promtool", *words], check=False, capture_output=True, text=True)


@needs_promtool
def test_promtool_takes_the_rules_the_configuration_and_the_tests_of_the_rules() -> None:
    for words in (
        ("check", "rules", RULES),
        ("check", "config", "--syntax-only", PROMETHEUS / "prometheus.yml"),
        ("test", "rules", TESTS),
    ):
        done = promtool(*words)
        assert done.returncode == 0, done.stdout + done.stderr


@needs_promtool
@pytest.mark.parametrize("number", range(len(ALERTS)), ids=lambda one: ALERTS[one].split("\n")[0])
def test_without_a_rule_its_test_fails(tmp_path: Path, number: int) -> None:
    others = [one for at, one in enumerate(ALERTS) if at != number]
    (tmp_path / RULES.name).write_text("      - alert: ".join((HEAD, *others)))
    shutil.copy(TESTS, tmp_path)
    done = promtool("test", "rules", tmp_path / TESTS.name)
    assert done.returncode != 0
    assert ALERTS[number].split("\n")[0] in done.stdout + done.stderr


def test_rules_and_dashboard_ask_only_for_what_is_served() -> None:
    asked = [*list_alerts(), *list_queries(), *list_variable_queries()]
    assert len(asked) > len(ALERTS) + 20
    assert [one for query in asked for one in find_unknown(query)] == []


@needs_promtool
def test_each_query_of_the_dashboard_is_one(tmp_path: Path) -> None:
    rules = [{"record": f"panel_{at}", "expr": one} for at, one in enumerate(list_queries())]
    file = tmp_path / "panels.yml"
    file.write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}))
    done = promtool("check", "rules", file)
    assert done.returncode == 0, done.stdout + done.stderr


# --- a real Prometheus ----------------------------------------------------------------------------


@contextmanager
def prometheus(directory: Path, page: str) -> Iterator[str]:
    """It asks the page every few seconds; yields its address."""
    scrape = {
        "job_name": "neural-energy",
        "scrape_interval": "5s",
        "scrape_timeout": "5s",
        "static_configs": [{"targets": [page.removeprefix("http://")]}],
    }
    config = directory / "prometheus.yml"
    config.write_text(json.dumps({"rule_files": [str(RULES)], "scrape_configs": [scrape]}))
    port = free_port()
    words = (
        *("prometheus", f"--config.file={config}", f"--storage.tsdb.path={directory / 'series'}"),
        *(f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"),
    )
    with subprocess.Popen(words, stderr=subprocess.DEVNULL) as process:
        yield f"http://127.0.0.1:{port}/api/v1"
        process.terminate()


def ask(address: str, query: str) -> list[Any]:
    """What it answers to a query; empty also while it starts."""
    try:
        with urlopen(f"{address}/query?query={quote(query)}", timeout=30) as answer:
            found = json.load(answer)
    except OSError:
        return []
    assert found["status"] == "success", query
    result: list[Any] = found["data"]["result"]
    return result


@needs_promtool
@pytest.mark.processes
def test_a_real_prometheus_scrapes_the_page_and_each_panel_has_something_to_show(
    address: str, tmp_path: Path
) -> None:
    with prometheus(tmp_path, address) as api:
        wait_until(lambda: ask(api, "count_over_time(up[1m]) > 2") != [], "three scrapes")
        empty = [query for query in list_queries() if not ask(api, query)]
        assert [one for one in empty if not any(word in one for word in ABSENT_TODAY)] == []
        names = {series["metric"]["__name__"] for series in ask(api, f'{{__name__=~"{PREFIX}.+"}}')}
        assert names <= {f"{PREFIX}{one.name}{'_total' if one.counter else ''}" for one in METRICS}
        assert len(names) > 40
        for query in list_alerts():
            ask(api, query)
        with urlopen(f"{api}/rules", timeout=30) as answer:
            (group,) = json.load(answer)["data"]["groups"]
        assert [rule["health"] for rule in group["rules"] if rule["health"] == "err"] == []
        assert len(group["rules"]) == len(ALERTS)
