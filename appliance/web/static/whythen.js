// Why at a moment: level and reason, battery, sun, loads and cameras of that time. The moment is in
// the address (?at=2026-04-15T03:10, time of the site).

import { byId, facts, make, say } from "./dom.js";
import { energy, fixed, known, percent, power, sentence, signed, UNKNOWN, word } from "./words.js";
import { ask } from "./link.js";
import { full, siteMoment, span, unitNow, when } from "./times.js";
import { t } from "./translate.js";

const FORM = /^\d{4}-\d\d-\d\dT\d\d:\d\d$/;
let asked = 0;

/** Show what the address names. */
export function followMoment() {
  const at = new URLSearchParams(location.search).get("at");
  if (FORM.test(at || "")) show(at);
}

/** Put a moment into the field, without asking. */
export function fillMoment(moment) {
  if (moment && document.activeElement !== byId("why-at")) byId("why-at").value = siteMoment(moment);
}

/** Ask for a moment, and lead there. */
export function showMoment(moment, moves) {
  go(siteMoment(moment));
  if (!moves) return;
  byId("why-card").scrollIntoView({ block: "start" });
  byId("why-title").focus({ preventScroll: true });
}

function go(at) {
  const address = new URL(location.href);
  address.searchParams.set("at", at);
  history.pushState(null, "", address);
  show(at);
}

async function show(at) {
  const mine = ++asked;
  byId("why-at").value = at;
  try {
    const found = await ask(`/api/energy/moment?at=${encodeURIComponent(at)}`);
    if (mine === asked) draw(found);
  } catch (error) {
    if (mine === asked) clear(error.message);
  }
}

function clear(text) {
  say("why-says", sentence(text));
  say("why-reason", "");
  facts(byId("why-facts"), []);
  facts(byId("why-around"), []);
  byId("why-cameras").replaceChildren();
}

function draw(found) {
  const at = new Date(found.at);
  say("why-says", `${full(at)}: ${headline(found)}`);
  say("why-reason", sentence(reason(found)));
  facts(byId("why-facts"), [...battery(found.battery, at), ...reading(found.reading, at), ...loads(found.loads)]);
  byId("why-cameras").replaceChildren(...found.cameras.map((one) => camera(one, at)));
  facts(byId("why-around"), around(found));
}

function headline({ level, ended, sleep }) {
  if (sleep) return t("asleep, at level {level}, since {time}.", { level: word(sleep.level), time: when(new Date(sleep.since), unitNow()) });
  if (level) return t("level {level}; the loads might draw {power}.", { level: word(level.level), power: power(level.power_w) });
  if (ended) return t("no level was in force; the last one, {level}, had ended {time}.", { level: word(ended.level), time: when(new Date(ended.until), unitNow()) });
  return t("no level was in force.");
}

function reason({ level, ended, sleep }) {
  return (sleep || level || ended || { reason: "" }).reason;
}

/** Figures of a row; one that was too old then says so instead. */
function battery(row, at) {
  if (!row) return [[t("Battery"), UNKNOWN]];
  if (!row.fresh) return [[t("Battery"), old(row, at)]];
  const charge = known(row.state_of_charge_pct) ? `${row.state_of_charge_pct.toFixed(0)} ± ${percent(row.sigma_pct)}` : UNKNOWN;
  return [
    [t("SOC"), charge],
    [t("Left to use"), energy(row.energy_wh)],
    ...(row.charge_blocked ? [[t("Charging"), t("blocked by the battery")]] : []),
  ];
}

function reading(row, at) {
  if (!row) return [[t("Sun"), UNKNOWN]];
  if (!row.fresh) return [[t("Measured"), old(row, at)]];
  return [
    [t("Sun"), power(row.pv_power_w)],
    [t("Battery"), `${fixed(row.battery_voltage_v, 2, "V")}, ${signed(row.battery_current_a, 1, "A")}, ${fixed(row.battery_temperature_c, 0, "°C")}`],
    [t("Loads, measured together"), power(row.load_power_w)],
  ];
}

function old(row, at) {
  const moment = new Date(row.at);
  return t("not known; last report {time}, {span} before", { time: when(moment, unitNow()), span: span((at - moment) / 1000) });
}

function loads(parts) {
  return parts.map((part) => [part.name, `${power(part.power_w)}, ${part.measured ? t("measured") : t("modelled")}`]);
}

function camera(one, at) {
  const told = one.mode ? `${one.mode}: ${sentence(one.reason)}` : t("Nothing is known of it.");
  const since = one.reported ? "" : t("It did not report then; last change {span} before.", { span: span((at - new Date(one.at)) / 1000) });
  return make("li", { class: one.reported ? "well" : "silent" },
    make("p", { class: "service-head" }, make("strong", {}, t("Camera {name}", { name: one.camera }))),
    make("p", {}, told),
    since ? make("p", { class: "quiet" }, since) : null);
}

function around({ before, after }) {
  const line = (budget) => `${when(new Date(budget.at), unitNow())}: ${sentence(budget.reason)}`;
  return [
    ...(before ? [[t("Other level before"), line(before)]] : []),
    ...(after ? [[t("Other level after"), line(after)]] : []),
  ];
}

byId("why-form").addEventListener("submit", (event) => {
  event.preventDefault();
  if (FORM.test(byId("why-at").value)) go(byId("why-at").value);
});
window.addEventListener("popstate", followMoment);
