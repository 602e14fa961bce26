"""The examples for Prometheus and Grafana, and what is asked in them.

Reads: docs/examples. Writes: nothing.
Never: knows a metric that the page does not serve.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from appliance.web.metric_table import METRICS, PREFIX
from tests.conftest import ROOT

PROMETHEUS = ROOT / "docs/examples/prometheus"
RULES = PROMETHEUS / "neural-energy.rules.yml"
GRAFANA = ROOT / "docs/examples/grafana/neural-energy.json"
VARIABLES = {"$instance": ".*", "$camera": ".*", "$__rate_interval": "20m"}
METRIC = re.compile(rf"{PREFIX}(\w+)(?:{{([^}}]*)}})?")
LABEL = re.compile(r"(\w+)\s*[!=]~?\s*\"")
BY_NAME = {f"{one.name}{'_total' if one.counter else ''}": one for one in METRICS}


def read_dashboard() -> Any:
    return json.loads(GRAFANA.read_text())


def list_queries() -> list[str]:
    """The expressions of the dashboard's panels, its variables filled in."""
    targets = [target for panel in read_dashboard()["panels"] for target in panel["targets"]]
    return [fill_variables(target["expr"]) for target in targets]


def list_alerts() -> list[str]:
    """The expressions of the alert rules."""
    return re.findall(r"^ +expr: (.+)$", RULES.read_text(), re.MULTILINE)


def list_variable_queries() -> list[str]:
    """What the dashboard's variables are filled from."""
    variables = read_dashboard()["templating"]["list"]
    return [one["query"]["query"] for one in variables if one["type"] == "query"]


def fill_variables(text: str) -> str:
    for name, value in VARIABLES.items():
        text = text.replace(name, value)
    return text


def find_unknown(query: str) -> Iterator[str]:
    """Metrics that are not served, and labels that they have not."""
    for name, matchers in METRIC.findall(query):
        metric = BY_NAME.get(name)
        known = {"instance", "job", *(metric.labels if metric else ())}
        if metric is None:
            yield name
        yield from (f"{name}: {label}" for label in LABEL.findall(matchers) if label not in known)
