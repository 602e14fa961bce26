"""The dashboard of the documents in a real Home Assistant.

Reads: docs/examples/home-assistant/dashboard.yaml. Writes: a dashboard of Home Assistant.
Never: changes those that Home Assistant has by itself.
"""

import re

import yaml

from tests.conftest import ROOT
from tests.home_assistant.home import Home

FILE = ROOT / "docs/examples/home-assistant/dashboard.yaml"
URL_PATH = "the-unit"
HISTORY_H = 0.05  # of real time: in 24 hours the few minutes of a run would be a line
ENTITY = re.compile(r"\b(?:sensor|binary_sensor|switch|image)\.demo_\w+")


def list_entities() -> list[str]:
    """Those that the dashboard names."""
    return sorted(set(ENTITY.findall(FILE.read_text())))


def add_dashboard(home: Home) -> str:
    """Make it, as a person does who copies the file; returns its URL."""
    config = yaml.safe_load(FILE.read_text())
    for section in config["views"][0]["sections"]:
        for card in section["cards"]:
            if "hours_to_show" in card:
                card["hours_to_show"] = HISTORY_H
    named = {"url_path": URL_PATH, "title": "Unit", "icon": "mdi:solar-power"}
    home.call("lovelace/dashboards/create", **named, mode="storage", require_admin=False)
    home.call("lovelace/config/save", url_path=URL_PATH, config=config)
    return f"{home.url}/{URL_PATH}/{config['views'][0]['path']}"
