// The battery: how full, how sure, which way the current flows, and how long it lasts.

import { byId, facts, figure, make, say, show } from "./dom.js";
import { energy, fixed, known, percent, signed, typeset, UNKNOWN } from "./words.js";
import { doubt } from "./summary.js";
import { lastKnown, when } from "./times.js";
import { number, t, tn } from "./translate.js";

const KNOWN_BY = {
  "counted": t("counted from the current"),
  "anchored full": t("set at the full battery, then counted from the current"),
  "anchored empty": t("set at the empty battery, then counted from the current"),
  "from voltage": t("from the voltage at rest"),
  "from the BMS": t("as the BMS reports it"),
  "restored": t("stored before the restart, then counted from the current"),
};

export function battery(status, now) {
  const b = status.battery && status.battery.fresh ? status.battery : null;
  const charge = b ? b.state_of_charge_pct : null;
  figure("charge", "charge-unit", known(charge) ? charge.toFixed(0) : null);
  say("charge-sigma", b && known(b.sigma_pct) ? `± ${doubt(b.sigma_pct)}` : "");
  say("battery-does", typeset(status.summary.flow.battery));
  blocked(b);
  say("battery-energy", b ? left(b) : UNKNOWN);
  say("battery-flow", b ? signed(b.current_a, 1, "A") : UNKNOWN);
  say("battery-voltage", b ? fixed(b.voltage_v, 2, "V") : UNKNOWN);
  say("battery-temperature", b ? fixed(b.temperature_c, 0, "°C") : UNKNOWN);
  say("battery-full", b && b.full_at ? when(new Date(b.full_at), now) : UNKNOWN);
  say("battery-health", health(status.battery && status.battery.age));
  facts(byId("packs"), status.packs.map((pack) => [pack.name, packWords(pack, now)]));
  show("packs", status.packs.length > 0);
  cells(status.packs.filter((pack) => pack.cells));
  say("battery-note", note(status.battery, b, now));
}

/** State of health where it is learned, and the equivalent full cycles. */
function health(age) {
  if (!age) return UNKNOWN;
  const cycles = tn("{count} full cycle", "{count} full cycles", Math.round(age.equivalent_cycles));
  return known(age.health_pct) ? `${age.health_pct.toFixed(0)} ± ${percent(age.health_sigma_pct)}, ${cycles}` : cycles;
}

function packWords(pack, now) {
  if (!pack.fresh) return pack.at ? lastKnown(pack.at, now) : t("has not answered yet");
  const words = [
    known(pack.state_of_charge_pct) ? t("reports {charge}", { charge: percent(pack.state_of_charge_pct) }) : null,
    signed(pack.current_a, 1, "A"),
    known(pack.lowest_cell_voltage_v) && known(pack.highest_cell_voltage_v)
      ? t("cells {low} to {high}", { low: number(pack.lowest_cell_voltage_v.toFixed(3)), high: fixed(pack.highest_cell_voltage_v, 3, "V") }) : null,
    pack.charge_allowed === false ? t("charging is blocked") : null,
    pack.discharge_allowed === false ? t("discharging is blocked") : null,
    pack.alarms ? t("alarm: {text}", { text: pack.alarms }) : null,
  ];
  return words.filter((word) => word !== null).join(", ");
}

/** All cells of each pack; one that is apart from the others stands out in colour and in words. */
function cells(packs) {
  const list = byId("cells");
  show(list, packs.length > 0);
  const shown = JSON.stringify(packs.map((pack) => [pack.name, pack.cells]));
  if (list.dataset.shown === shown) return;
  list.dataset.shown = shown;
  list.replaceChildren(...packs.map((pack) => make("li", {},
    make("p", { class: "quiet" }, t("Cells of {name}, V", { name: pack.name })),
    make("ol", { class: "cells" }, ...pack.cells.map(cellItem)),
    ...pack.cells.filter((cell) => cell.is_apart).map((cell) => make("p", { class: "warn" }, apart(cell))))));
}

function cellItem(cell) {
  return make("li", { class: cell.is_apart ? "apart" : null },
    make("span", { class: "quiet" }, cell.cell), ` ${number(cell.voltage_v.toFixed(3))}`);
}

function apart(cell) {
  const values = { cell: cell.cell, volts: fixed(Math.abs(cell.apart_v), 2, "V") };
  return cell.apart_v > 0
    ? t("Cell {cell} is {volts} above the median of all cells.", values)
    : t("Cell {cell} is {volts} below the median of all cells.", values);
}

function left(b) {
  if (!known(b.energy_wh)) return UNKNOWN;
  return known(b.capacity_wh) ? t("{left} of {whole}", { left: energy(b.energy_wh), whole: energy(b.capacity_wh) }) : energy(b.energy_wh);
}

function blocked(b) {
  const is = Boolean(b && b.charge_blocked);
  show("battery-blocked", is);
  if (!is) return;
  if (!known(b.temperature_c) || b.temperature_c >= 0) {
    say("battery-blocked", t("Charging is blocked by the battery's own protection."));
    return;
  }
  say("battery-blocked", t("Charging is blocked: the battery is too cold ({celsius}).", { celsius: fixed(b.temperature_c, 0, "°C") }));
}

function note(row, b, now) {
  if (!row) return t("The power service has not reported yet.");
  if (!b) return lastKnown(row.at, now);
  return b.method ? t("State of charge {known_by}.", { known_by: KNOWN_BY[b.method] || b.method }) : "";
}
