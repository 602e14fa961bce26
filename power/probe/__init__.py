"""Finds the power devices on this computer's ports and writes them as settings.

Reads: replies of devices; the settings file. Writes: requests to read; sections of the settings
file where that is asked for.
Never: runs beside the power service on one port; a port in use is reported as in use.

    report = Probe(SystemClock()).scan("/dev/ttyUSB0")
    report.devices[0].best.profile.name
"""

from power.probe.search import FoundDevice, PortReport, Probe

__all__ = ["FoundDevice", "PortReport", "Probe"]
