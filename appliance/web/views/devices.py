"""The power devices: every value with its unit, age and quality, faults, how the bus works.

Reads: unit.db, through appliance/status/devices.py. Writes: nothing.
Never: asks a device.
"""

from flask import Flask, jsonify
from flask.typing import ResponseReturnValue

from appliance.settings import Settings
from appliance.status.devices import describe_devices
from appliance.web.reader import StoreReader


def add_devices(app: Flask, settings: Settings, reader: StoreReader) -> None:
    """`/api/devices`."""

    @app.get("/api/devices")
    def devices() -> ResponseReturnValue:
        return jsonify(devices=reader.ask(lambda store: describe_devices(store, settings)))
