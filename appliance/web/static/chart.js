// The chart of the day: what came beside what was planned; touch, mouse or arrow keys read a moment.

import { byId, facts, say, show } from "./dom.js";
import { chartOptions } from "./chartdraw.js";
import { energy, known, percent, power, UNKNOWN, word } from "./words.js";
import { when } from "./times.js";

const KEYS = { ArrowLeft: -1, ArrowRight: 1, PageUp: -12, PageDown: 12 };
let day = null;
let plot = null;
let picked = null; // the step that a person reads; null: now

export function chart(answer) {
  const moved = !day || answer.starts !== day.starts;
  day = answer;
  day.start = new Date(day.starts).getTime() / 1000;
  day.nowDate = new Date(day.now);
  day.steps = day.reality.pv_power_w.length;
  say("day-says", says());
  show("legend-band", day.plan.low_charge_pct.some(known));
  if (!plot) build();
  else plot.setData(columns(), true);
  if (moved && !plot.cursor.left) picked = null;
  read();
}

function columns() {
  const { reality, plan } = day;
  return [
    Array.from({ length: day.steps }, (_, index) => day.start + index * day.step_s),
    plan.pv_power_w, reality.pv_power_w,
    plan.load_power_w, reality.load_power_w,
    plan.state_of_charge_pct, reality.state_of_charge_pct,
  ];
}

function build() {
  const place = byId("chart");
  place.replaceChildren();
  plot = new uPlot(chartOptions(() => day, size(place), pick), columns(), place);
  plot.over.addEventListener("pointerdown", touch);
  plot.over.addEventListener("pointermove", touch);
}

function size(place) {
  const width = Math.max(280, place.clientWidth);
  return { width, height: width < 560 ? 300 : 360 };
}

function touch(event) {
  if (event.pointerType !== "touch") return;
  const edge = plot.over.getBoundingClientRect();
  plot.setCursor({ left: event.clientX - edge.left, top: 10 });
}

function pick(index) {
  picked = index;
  read();
}

function nowStep() {
  return Math.floor((day.nowDate.getTime() / 1000 - day.start) / day.step_s);
}

/** The newest step of which something is known: the present one may have no row yet. */
function newestStep() {
  const now = nowStep();
  const { pv_power_w: sun, state_of_charge_pct: charge } = day.reality;
  const found = [now, now - 1, now - 2].find((step) => known(sun[step]) && known(charge[step]));
  return found ?? now;
}

/** Write the chosen moment under the chart, and as the value that a screen reader tells. */
function read() {
  const index = picked ?? newestStep();
  const moment = picked === null ? day.nowDate : new Date((day.start + index * day.step_s) * 1000);
  const future = index > nowStep();
  const rows = [
    ["Sun", figureAt("pv_power_w", index, future, power)],
    ["Use", figureAt("load_power_w", index, future, power)],
    ["SOC", `${figureAt("state_of_charge_pct", index, future, percent)}${bandAt(index, future)}`],
    ["Level", figureAt("level", index, future, (level) => word(level) || UNKNOWN)],
  ];
  const title = `${picked === null ? "Now, " : ""}${when(moment, day.nowDate)}${future ? ", as planned" : ""}`;
  say("chart-moment", title);
  facts(byId("chart-reading"), rows);
  const text = `${title}: ${rows.map((row) => row.join(" ")).join("; ")}`;
  const place = byId("chart");
  place.setAttribute("aria-valuemax", day.steps - 1);
  place.setAttribute("aria-valuenow", index);
  place.setAttribute("aria-valuetext", text);
}

function figureAt(column, index, future, format) {
  const planned = day.plan[column][index];
  if (future) return known(planned) ? format(planned) : "no plan";
  const plan = known(planned) ? ` (plan\u00a0${format(planned)})` : "";
  return `${format(day.reality[column][index])}${plan}`;
}

/** Where the charge will lie in eight of ten cases; only of what is to come. */
function bandAt(index, future) {
  const [low, high] = [day.plan.low_charge_pct[index], day.plan.high_charge_pct[index]];
  return future && known(low) && known(high) ? ` (${low.toFixed(0)} to ${percent(high)})` : "";
}

function says() {
  const past = day.reality.pv_power_w.some(known)
    ? `Last 24 hours: ${sum(day.reality.pv_power_w, 0)} from the panels, ${sum(day.reality.load_power_w, 0)} used.`
    : "The solar energy of the last 24 hours is not known.";
  const next = nowStep() + 1;
  const charges = day.plan.state_of_charge_pct.slice(next);
  if (!charges.some(known)) return `${past} There is no plan for the next hours: the level follows the charge alone.`;
  return `${past} Plan for the next 12 hours: ${sum(day.plan.pv_power_w, next)} from the panels.`;
}

function sum(powers, from) {
  const some = powers.slice(from).filter(known);
  return some.length ? energy((some.reduce((total, one) => total + one, 0) * day.step_s) / 3600) : "an unknown amount";
}

function step(event) {
  if (!plot || (!(event.key in KEYS) && event.key !== "Escape")) return;
  event.preventDefault();
  if (event.key === "Escape") {
    plot.setCursor({ left: -10, top: -10 });
    return;
  }
  const index = Math.max(0, Math.min(day.steps - 1, (picked ?? nowStep()) + KEYS[event.key]));
  plot.setCursor({ left: plot.valToPos(day.start + index * day.step_s, "x"), top: 10 });
}

byId("chart").addEventListener("keydown", step);
new ResizeObserver(() => plot && plot.setSize(size(byId("chart")))).observe(byId("chart"));
window.addEventListener("themechange", () => {
  if (!plot) return;
  plot.destroy();
  build();
});
