"""Every metric that `/metrics` serves, by its name without the prefix, in the order they are served.

Reads and writes: nothing; docs/metrics.md explains the same names, and a test compares the two.
Never: a counter that comes from a table that loses old rows; such a number is a gauge of a time.

Units by the rules of Prometheus: base units (joule, ratio, byte), as the last word of the name.
"""

from dataclasses import dataclass
from typing import NamedTuple

PREFIX = "neural_energy_"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric. `counter`: it only grows until its process starts anew; its name ends _total."""

    name: str
    text: str
    labels: tuple[str, ...] = ()
    counter: bool = False


class MetricSample(NamedTuple):
    """One sample of a metric; None is not known, and left out."""

    name: str
    value: float | None
    labels: tuple[str, ...] = ()


CAMERA, GPU, SOURCE, CHANNEL = ("camera",), ("gpu",), ("source",), ("channel",)

# ruff: noqa: E501  (columns are easier to read than short lines)
# fmt: off
METRICS = (
    Metric("unit_info",                          "1; its label is the name of the unit", ("unit",)),
    Metric("battery_charge_ratio",               "Estimated state of charge, 0 to 1"),
    Metric("battery_charge_sigma_ratio",         "One standard deviation of that estimate"),
    Metric("battery_energy_joules",              "Usable energy at the present temperature"),
    Metric("battery_capacity_joules",            "Energy of the full battery"),
    Metric("battery_equivalent_cycles",          "Charge discharged since it is watched, over the rated capacity"),
    Metric("battery_health_ratio",               "Capacity learned from discharges, over the rated one"),
    Metric("battery_health_sigma_ratio",         "One standard deviation of it"),
    Metric("battery_since_full_seconds",         "Time since the battery was full, or since it is watched"),
    Metric("battery_voltage_volts",              "Voltage of the battery"),
    Metric("battery_current_amperes",            "Current into the battery; out of it is negative"),
    Metric("battery_temperature_celsius",        "Temperature of the battery"),
    Metric("pv_power_watts",                     "Power of the solar panels"),
    Metric("pv_yesterday_energy_joules",         "Energy from the panels yesterday"),
    Metric("pv_yesterday_specific_yield_hours",  "The same over their nominal power (kWh/kWp)"),
    Metric("pv_yesterday_curtailed_seconds",     "Daylight in which the battery took less than they could give"),
    Metric("pv_last_month_performance_ratio",    "Measured over reference energy in the clear hours of 31 days"),
    Metric("charger_load_power_watts",           "Power at the load outputs of the charge controllers"),
    Metric("source_on",                          "1 while the second source is started, or there; 0 while it is off", SOURCE),
    Metric("source_power_watts",                 "What it gives at the battery", SOURCE),
    Metric("source_energy_joules",               "Energy that it has given since it is counted", SOURCE),
    Metric("source_run_seconds",                 "Time that it has run since it is counted", SOURCE),
    Metric("source_starts",                      "How often it was started since it is counted", SOURCE),
    Metric("source_failures",                    "Starts in a row that gave nothing", SOURCE),
    Metric("source_locked",                      "1 while it is started no more until a person unlocks it", SOURCE),
    Metric("source_fuel_left_joules",            "Energy left in its tank, by the count", SOURCE),
    Metric("load_power_watts",                   "Power of a load, as its own service reports it", ("load", "origin")),
    Metric("level",                              "1 for the present energy level, 0 for the others", ("level",)),
    Metric("budget_power_watts",                 "Power that all loads may use together"),
    Metric("reserve_energy_joules",              "Energy kept in reserve for dark days"),
    Metric("sun_is_free",                        "1 while the battery is full and PV power is curtailed"),
    Metric("camera_mode",                        "1 for the mode that the camera is in, 0 for the others", ("camera", "mode")),
    Metric("camera_power_watts",                 "Power of a camera now, by part: the camera with its process, and inference", ("camera", "part")),
    Metric("camera_mean_power_watts",            "The same as a mean of the last hour's known time (= Wh in an hour)", ("camera", "part")),
    Metric("camera_frames_served",               "Pictures handed out", CAMERA, counter=True),
    Metric("camera_frames_skipped",              "Pictures that nobody requested", CAMERA, counter=True),
    Metric("camera_frames_decoded",              "Pictures decoded", CAMERA, counter=True),
    Metric("camera_frames_corrupt",              "Decoded pictures that were damaged and are not used", CAMERA, counter=True),
    Metric("camera_decode_errors",               "Packets that could not be decoded", CAMERA, counter=True),
    Metric("camera_key_frame_distance_seconds",  "Usual time between key frames", CAMERA),
    Metric("camera_lag_seconds",                 "How far the stream is behind the camera", CAMERA),
    Metric("camera_hold",                        "1 while a person has paused, muted or switched it off, else 0", ("camera", "kind")),
    Metric("camera_last_motion_timestamp_seconds", "When the last motion segment began", CAMERA),
    Metric("camera_last_day_motions",            "Motion segments that began in the last 24 hours", ("camera", "looked")),
    Metric("camera_last_event_timestamp_seconds", "When the event that was stored last began", CAMERA),
    Metric("camera_last_day_events",             "Events that began in the last 24 hours", CAMERA),
    Metric("camera_last_day_seconds",            "Time of the last 24 hours, by whether it was watched and why not", ("camera", "watching")),
    Metric("inference_info",                     "1; its labels are what ran last", ("provider", "model", "tier")),
    Metric("inference_planned_frames_per_second", "Frames a second that may be analysed"),
    Metric("inference_frames_per_second",        "Frames a second that were analysed in the last minute"),
    Metric("inference_last_hour_frames",         "Frames analysed in the last hour"),
    Metric("inference_last_hour_energy_joules",  "Energy that inference used in the last hour"),
    Metric("computer_temperature_celsius",       "Temperature of the hottest part of the computer", ("zone",)),
    Metric("disk_free_bytes",                    "Free space on the data disk"),
    Metric("disk_used_ratio",                    "Used part of the data disk, 0 to 1"),
    Metric("memory_available_bytes",             "Memory available"),
    Metric("gpu_power_watts",                    "Power of a GPU", GPU),
    Metric("gpu_temperature_celsius",            "Temperature of a GPU", GPU),
    Metric("gpu_utilisation_ratio",              "Utilisation of a GPU, 0 to 1", GPU),
    Metric("gpu_memory_used_bytes",              "Memory in use on a GPU", GPU),
    Metric("service_age_seconds",                "Time since a service's last report", ("service",)),
    Metric("service_silent",                     "1 for a service that should run at the present level and does not report, 0 for the others", ("service",)),
    Metric("update_step",                        "1 for the state that the update is in (idle: none), 0 for the others", ("step",)),
    Metric("update_waits",                       "1 for what the update waits for, where it waits", ("waits_for",)),
    Metric("update_progress_ratio",              "Part of the present step that is done, 0 to 1, where it tells"),
    Metric("update_last_month_failed_releases",  "Releases that failed here in 31 days and were not committed since"),
    Metric("checkin_age_seconds",                "Time since the unit asked its mirrors"),
    Metric("link_phase",                         "1 for how far the modem is, 0 for the others", ("phase",)),
    Metric("link_signal_ratio",                  "Signal as the modem reports it, 0 to 1"),
    Metric("link_month_bytes",                   "What went over the mobile link since its budget began, both ways"),
    Metric("link_budget_bytes",                  "The month's budget"),
    Metric("link_last_day_resets",               "Acts of the link's watchdog in the last 24 hours"),
    Metric("alarm_waiting_messages",             "Messages of alarms that wait for their channel", CHANNEL),
    Metric("alarm_failing_messages",             "Those of them that the channel did not take at least once", CHANNEL),
    Metric("alarm_last_day_sent_messages",       "Messages that a channel has taken in the last 24 hours", CHANNEL),
    Metric("alarm_dropped_messages",             "Stored messages (90 days) that nobody got", CHANNEL),
    Metric("alarm_longest_wait_seconds",         "How long the oldest message that waits has done so"),
    Metric("faults_open",                        "Number of open faults"),
    Metric("fault_since_timestamp_seconds",      "When an open fault began", ("source", "code")),
)
# fmt: on
