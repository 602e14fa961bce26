"""Every stream of the unit in one table: its rows, its one writer, its rate, how long it is kept.

Reads and writes: nothing; the store enforces it.
Never: holds SQL. The shape of a table is its dataclass; its history is appliance/store/migrations.py.

A `keyed` table holds one row per key (updated in place); all others only grow, and their newest row
is the state. Rows of `any` writer belong to the service that they name, and it alone writes them.
"""

from dataclasses import dataclass

from appliance import (
    model,
    model_alarms,
    model_cameras,
    model_set_points,
    model_sources,
    model_updates,
)


@dataclass(frozen=True, slots=True)
class Table:
    """One stream. `every_s`: the usual time between rows, None where they come when they come.

    `fresh_s`: how old the newest row may be and still be used, three times `every_s` in most; None
    where rows do not age. Each age stands here only; `Store.latest` goes by it.
    `keep_days` of full rows, then (where `averaged`) 5-minute means for a month and hourly means for
    ten years. `durable`: on disk when the write returns, not within seconds. `alarms`: its rows can make alarms,
    and the alarm service is told of each. `order`: the column
    that rows are listed by: an event is stored when it ends and listed by when it began.
    """

    name: str
    row: type
    writer: str
    every_s: float | None
    fresh_s: float | None
    keep_days: float
    key: str | None = None
    averaged: bool = False
    durable: bool = False
    alarms: bool = False
    order: str = "id"

    def format_order(self, direction: str) -> str:
        """SQL: the rows in this order; those of one moment in that in which they were written."""
        ties = "" if self.order == "id" or self.key else f", id {direction}"
        return f"ORDER BY {self.order} {direction}{ties}"


ANY = "any"
POWER, PLAN, SENSORS, CAMERA, INFERENCE = "power", "plan", "sensors", "camera", "inference"
HINTS, CHECKIN, ALARM, MQTT = "hints", "checkin", "alarm", "mqtt"
DAILY = 26 * 3600.0  # s; a plan is made twice a day: one may be missed, and two hours of grace
SECONDLY = 2.0  # days of full rows where averages follow

# ruff: noqa: E501  (columns are easier to read than short lines)
# fmt: off
TABLES = (
    #     table                  row                          writer     every_s  fresh_s  keep_days
    Table("power_reading",       model.PowerReading,          POWER,     20,      60,      SECONDLY, averaged=True),
    Table("battery_reading",     model.BatteryReading,        POWER,     60,      180,     SECONDLY),
    Table("battery_state",       model.BatteryState,          POWER,     20,      60,      SECONDLY, averaged=True),
    Table("set_points",          model_set_points.SetPoints,  POWER,     None,    None,    3650,     key="device", order="at"),
    Table("device_state",        model_set_points.DeviceState, POWER,    60,      180,     3650,     key="device", order="at"),
    Table("battery_age",         model.BatteryAge,            POWER,     3600,    None,    400),
    Table("source_state",         model_sources.SourceState,  POWER,     None,    None,    3650,     key="source", order="at"),
    Table("energy_total",        model.EnergyTotal,   POWER,     60,      None,    3650,     key="meter", order="at"),
    Table("energy_budget",       model.EnergyBudget,          POWER,     60,      180,     SECONDLY, averaged=True),
    Table("energy_plan_step",    model.EnergyPlanStep,        PLAN,      None,    DAILY,   60),
    Table("energy_policy",       model.EnergyPolicy,          PLAN,      None,    None,    7),
    Table("source_policy",        model_sources.SourcePolicy, PLAN,      None,    None,    7),
    Table("sun_day",             model.SolarDay,              PLAN,      None,    None,    3650,     key="day", order="day"),
    Table("sleep",               model.Sleep,                 POWER,     None,    None,    365,      durable=True, alarms=True),
    Table("wake",                model.Wake,                  POWER,     None,    None,    365,      durable=True, alarms=True),
    Table("gpu_reading",         model.GpuReading,            SENSORS,   60,      180,     31),
    Table("environment_reading", model.EnvironmentReading,    SENSORS,   60,      180,     SECONDLY, averaged=True),
    Table("link_state",          model_updates.LinkState,         SENSORS,   60,      180,     31),
    Table("link_reset",          model_updates.LinkReset,         SENSORS,   None,    None,    365,      durable=True),
    Table("link_day",            model_updates.LinkDay,           SENSORS,   None,    None,    3650,     key="day", order="at"),
    Table("camera_state",        model_cameras.CameraState,   CAMERA,    60,      180,     SECONDLY),
    Table("camera_change",       model_cameras.CameraChange,  CAMERA,    None,    None,    365),
    Table("camera_motion",       model_cameras.CameraMotion,  CAMERA,    None,    None,    365),
    Table("camera_hint",         model_cameras.CameraHint,    HINTS,     None,    10,      31),
    Table("camera_hold",         model_cameras.CameraHold,    CAMERA,    None,    None,    3650,     durable=True),
    Table("camera_coverage",     model_cameras.CameraCoverage, CAMERA,   900,     None,    40),
    Table("camera_looks",        model_cameras.CameraUsage,   INFERENCE, 60,      180,     SECONDLY),
    Table("inference_plan",      model_cameras.InferencePlan, INFERENCE, 60,      180,     SECONDLY),
    Table("inference_run",       model_cameras.InferenceRun,  INFERENCE, 60,      180,     SECONDLY, averaged=True),
    Table("event_begun",         model_cameras.EventBegun,    INFERENCE, None,    None,    SECONDLY),
    Table("switch_order",        model_cameras.SwitchOrder,   POWER,     None,    None,    365),
    Table("event",               model_cameras.Event,         INFERENCE, None,    None,    365,      durable=True, alarms=True, order="at"),
    Table("event_erasure",       model_cameras.EventErasure,  INFERENCE, None,    None,    3650,     durable=True),
    Table("update_state",        model_updates.UpdateState,   CHECKIN,   None,    None,    3650,     durable=True),
    Table("check_in",            model_updates.CheckIn,       CHECKIN,   None,    None,    60),
    Table("alarm",               model_alarms.Alarm,          ALARM,     None,    None,    90,       key="alarm_id", durable=True, order="at"),
    Table("alarm_delivery",      model_alarms.AlarmDelivery,  ALARM,     None,    None,    90,       key="delivery_id", durable=True, order="at"),
    Table("alarm_position",      model_alarms.AlarmPosition,  ALARM,     None,    None,    3650,     key="stream", durable=True, order="at"),
    Table("alarm_order",         model_alarms.AlarmOrder,     ALARM,     None,    None,    90,       durable=True, alarms=True),
    Table("alarm_switch",        model_alarms.AlarmSwitch,    ALARM,     None,    None,    31,       durable=True),
    Table("camera_energy",       model_cameras.CameraEnergy,  MQTT,      300,     None,    3650,     key="camera", order="at"),
    Table("published_topic",     model_alarms.PublishedTopic, MQTT,     None,    None,    3650,     key="topic", order="at"),
    Table("report_position",     model_alarms.ReportPosition, MQTT,     None,    None,    3650,     key="stream", order="at"),
    Table("update_hold",         model_updates.UpdateHold,    MQTT,      None,    None,    3650,     durable=True),
    Table("service_state",       model.ServiceState,          ANY,       60,      180,     3650,     key="service", order="at"),
    Table("fault",               model.Fault,                 ANY,       None,    None,    365,      durable=True, alarms=True),
)
# fmt: on

BY_ROW = {table.row: table for table in TABLES}


def get_fresh_s(kind: type) -> float:
    """How old the newest row of `kind` may be and still be used, in s; raises where it has no age."""
    age_s = BY_ROW[kind].fresh_s
    if age_s is None:
        raise TypeError(f"rows of {BY_ROW[kind].name} do not age (appliance/store/tables.py)")
    return age_s
