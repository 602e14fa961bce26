// Names and units of measured values: a field's name carries its unit (pv_power_w).

import { number, t } from "./translate.js";
import { UNKNOWN } from "./words.js";

const NAMES = {
  pv_power_w: () => t("Power of the panels"),
  pv_voltage_v: () => t("Voltage of the panels"),
  battery_voltage_v: () => t("Battery voltage"),
  battery_current_a: () => t("Battery current"),
  battery_temperature_c: () => t("Battery temperature"),
  load_power_w: () => t("Power of the loads"),
  yield_today_wh: () => t("Yield today"),
  charge_stage: () => t("Stage"),
  serial_number: () => t("Serial number"),
  known_serial_number: () => t("Serial number of the one before"),
  voltage_v: () => t("Voltage"),
  current_a: () => t("Current"),
  state_of_charge_pct: () => t("State of charge, as it reports it"),
  remaining_ah: () => t("Charge left"),
  full_ah: () => t("Capacity"),
  cycles: () => t("Cycles"),
  lowest_cell_voltage_v: () => t("Lowest cell"),
  highest_cell_voltage_v: () => t("Highest cell"),
  lowest_temperature_c: () => t("Lowest temperature"),
  highest_temperature_c: () => t("Highest temperature"),
  charge_allowed: () => t("Charging allowed"),
  discharge_allowed: () => t("Discharging allowed"),
  discharge_share: () => t("Share that can be discharged"),
  alarms: () => t("Alarms of the device"),
  absorption_v: () => t("Absorption"),
  float_v: () => t("Float"),
  equalize_v: () => t("Equalization"),
  equalizes: () => t("Equalizes by itself"),
  compensation_v_per_c: () => t("Temperature compensation"),
  lvd_v: () => t("Low-voltage disconnect"),
  lvr_v: () => t("Low-voltage reconnect"),
  charge_from_c: () => t("Charges from"),
  charge_until_c: () => t("Charges up to"),
  battery_type: () => t("Battery type"),
  system_v: () => t("System voltage"),
  cells: () => t("Cells"),
  uvp_v: () => t("Under-voltage protection"),
  ovp_v: () => t("Over-voltage protection"),
  recharge_v: () => t("Charges again below"),
  over_voltage_v: () => t("Stops charging at"),
  load_mode: () => t("Load output"),
  power_w: () => t("Power now"),
  run_h: () => t("Has run"),
  energy_kwh: () => t("Has given"),
  fuel_left_kwh: () => t("Fuel left"),
  starts: () => t("Starts"),
  failures: () => t("Failed starts in a row"),
  cost: () => t("Has cost"),
};
// The end of a name, its unit, and how many digits a person reads.
const UNITS = [
  ["_v_per_c", "V/°C", 3], ["_kwh", "kWh", 2], ["_wh", "Wh", 0], ["_w", "W", 0], ["_v", "V", 2], ["_a", "A", 1],
  ["_ah", "Ah", 1], ["_pct", "%", 0], ["_c", "°C", 0], ["_h", "h", 1],
];
const QUALITIES = {
  stale: () => t("not answered this time"),
  implausible: () => t("cannot be right, not used"),
  absent: () => t("not given"),
};
const YES_NO = { yes: () => t("yes"), no: () => t("no"), true: () => t("yes"), false: () => t("no") };

export function valueName(name) {
  return Object.hasOwn(NAMES, name) ? NAMES[name]() : name.replaceAll("_", " ");
}

/** A value with its unit, or why there is none. */
export function valueWords({ name, value, quality }) {
  if (quality !== "ok") return Object.hasOwn(QUALITIES, quality) ? QUALITIES[quality]() : quality;
  if (value === null || value === undefined) return UNKNOWN;
  if (typeof value !== "number") return told(name, String(value));
  const [, unit, digits] = UNITS.find(([end]) => name.endsWith(end)) || ["", "", Number.isInteger(value) ? 0 : 2];
  const fine = name.includes("cell") ? 3 : digits;
  return `${number(value.toFixed(fine))}${unit && "\u00a0"}${unit}`.replace(/^-/, "\u2212");
}

function told(name, text) {
  if (name === "alarms" && !text) return t("none");
  return Object.hasOwn(YES_NO, text) ? YES_NO[text]() : text;
}
