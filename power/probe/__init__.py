"""What is connected to this computer's ports: asked politely, told in words, written as settings.

Reads: replies of devices; the settings file. Writes: requests to read; sections of the settings
file where that is asked for.
Never: runs beside the power service on one port; a busy port is said to be busy.
"""

from power.probe.search import FoundDevice, PortReport, Probe

__all__ = ["FoundDevice", "PortReport", "Probe"]
