"""The data of the views that have some of their own, beside the status document.

Reads and writes: nothing by itself.
Never: answers; each view's own file does.
"""

from flask import Flask

from appliance.clock import Clock
from appliance.settings import Settings
from appliance.web.reader import StoreReader
from appliance.web.views.about import add_about
from appliance.web.views.commissioning import add_commissioning
from appliance.web.views.decisions import add_decisions
from appliance.web.views.devices import add_devices
from appliance.web.views.energy import add_energy
from appliance.web.views.models import add_models
from appliance.web.views.settings import add_settings
from appliance.web.views.updates import add_updates
from appliance.web.views.zones import add_zones


def add_view_data(app: Flask, settings: Settings, clock: Clock, reader: StoreReader) -> None:
    """Their addresses below `/api/`."""
    add_energy(app, settings, clock, reader)
    add_about(app, settings)
    add_commissioning(app, settings)
    add_models(app, settings)
    add_devices(app, settings, reader)
    add_decisions(app, settings, reader)
    add_settings(app, settings)
    add_zones(app, settings, reader)
    add_updates(app, settings, reader)
