// A chart of a day or of days ahead: what came beside what was planned; touch, mouse or arrow keys
// read a moment. One document has one entry per step in each list (/api/day).

import { byId, facts, say, show } from "./dom.js";
import { chartOptions } from "./chartdraw.js";
import { known, percent, power, UNKNOWN, word } from "./words.js";
import { when } from "./times.js";
import { t } from "./translate.js";

const KEYS = { ArrowLeft: -1, ArrowRight: 1, PageUp: -12, PageDown: 12 };

/**
 * A chart in the element `name`, with `name`-says, `name`-moment, `name`-reading and `name`-band
 * beside it; returns the function that shows a document. `says` makes the sentence above it,
 * `picked` hears the moment that is read.
 */
export function makeChart(name, says, picked = () => {}) {
  const state = { name, says, heard: picked, day: null, plot: null, picked: null };
  const place = byId(name);
  place.addEventListener("keydown", (event) => step(state, event));
  new ResizeObserver(() => state.plot && state.plot.setSize(size(place))).observe(place);
  window.addEventListener("themechange", () => {
    if (!state.plot) return;
    state.plot.destroy();
    build(state);
  });
  return (answer) => draw(state, answer);
}

function draw(state, answer) {
  const moved = !state.day || answer.starts !== state.day.starts;
  const day = answer;
  state.day = day;
  day.start = new Date(day.starts).getTime() / 1000;
  day.nowDate = new Date(day.now);
  day.steps = day.reality.pv_power_w.length;
  say(`${state.name}-says`, state.says(day));
  show(`${state.name}-band`, day.plan.low_charge_pct.some(known));
  if (!state.plot) build(state);
  else state.plot.setData(columns(day), true);
  if (moved && (day.day || !state.plot.cursor.left)) state.picked = null;
  read(state);
}

function columns({ reality, plan, start, steps, step_s: stepS }) {
  return [
    Array.from({ length: steps }, (_, index) => start + index * stepS),
    plan.pv_power_w, reality.pv_power_w,
    plan.load_power_w, reality.load_power_w,
    plan.state_of_charge_pct, reality.state_of_charge_pct,
  ];
}

function build(state) {
  const place = byId(state.name);
  place.replaceChildren();
  const hear = (index) => {
    state.picked = index;
    read(state);
  };
  state.plot = new uPlot(chartOptions(() => state.day, size(place), hear), columns(state.day), place);
  const touch = (event) => {
    if (event.pointerType !== "touch") return;
    const edge = state.plot.over.getBoundingClientRect();
    state.plot.setCursor({ left: event.clientX - edge.left, top: 10 });
  };
  state.plot.over.addEventListener("pointerdown", touch);
  state.plot.over.addEventListener("pointermove", touch);
}

function size(place) {
  const width = Math.max(280, place.clientWidth);
  return { width, height: width < 560 ? 300 : 360 };
}

/** The step of now; before the first or after the last one where the document is of another time. */
export function nowStep(day) {
  return Math.floor((day.nowDate.getTime() / 1000 - day.start) / day.step_s);
}

/** The step that is read while nobody picks one: the newest of which something is known. */
function restingStep(day) {
  const last = Math.min(nowStep(day), day.steps - 1);
  const { pv_power_w: sun, state_of_charge_pct: charge } = day.reality;
  const found = [last, last - 1, last - 2].find((step) => known(sun[step]) && known(charge[step]));
  return Math.max(0, found ?? last);
}

/** Write the chosen moment under the chart, and as the value that a screen reader tells. */
function read(state) {
  const { day, name } = state;
  const current = state.picked === null && nowStep(day) < day.steps;
  const index = state.picked ?? restingStep(day);
  const starts = new Date((day.start + index * day.step_s) * 1000);
  const moment = current ? day.nowDate : starts;
  const future = index > nowStep(day);
  const rows = [
    [t("Sun"), figureAt(day, "pv_power_w", index, future, power)],
    [t("Use"), figureAt(day, "load_power_w", index, future, power)],
    [t("SOC"), `${figureAt(day, "state_of_charge_pct", index, future, percent)}${bandAt(day, index, future)}`],
    [t("Level"), figureAt(day, "level", index, future, (level) => word(level) || UNKNOWN)],
  ];
  const title = headed(day, index, current, starts);
  say(`${name}-moment`, title);
  facts(byId(`${name}-reading`), rows);
  const text = `${title}: ${rows.map((row) => row.join(" ")).join("; ")}`;
  const place = byId(name);
  place.setAttribute("aria-valuemax", Math.max(0, day.steps - 1));
  place.setAttribute("aria-valuenow", index);
  place.setAttribute("aria-valuetext", text);
  state.heard(moment);
}

/** What is read: the newest step is a mean until now, not what the unit measures at this moment. */
function headed(day, index, current, starts) {
  if (isPlanned(day, index)) return t("{time}, as planned", { time: when(current ? day.nowDate : starts, day.nowDate) });
  const time = when(starts, day.nowDate);
  return current ? t("Mean since {time}", { time }) : time;
}

/** Whether the figures are the plan's: of the future, and of a chart that has nothing else. */
function isPlanned(day, index) {
  return index > nowStep(day) || !Object.values(day.reality).some((column) => column.some(known));
}

function figureAt(day, column, index, future, format) {
  const planned = day.plan[column][index];
  if (future || !day.reality[column].some(known)) return known(planned) ? format(planned) : t("no plan");
  const plan = known(planned) ? ` (${t("plan")}\u00a0${format(planned)})` : "";
  return `${format(day.reality[column][index])}${plan}`;
}

/** Where the charge will lie in eight of ten cases; only of what is to come. */
function bandAt(day, index, future) {
  const [low, high] = [day.plan.low_charge_pct[index], day.plan.high_charge_pct[index]];
  if (!future || !known(low) || !known(high)) return "";
  return ` (${t("{low} to {high}", { low: low.toFixed(0), high: percent(high) })})`;
}

function step(state, event) {
  const { plot, day } = state;
  if (!plot || (!(event.key in KEYS) && event.key !== "Escape")) return;
  event.preventDefault();
  if (event.key === "Escape") {
    plot.setCursor({ left: -10, top: -10 });
    return;
  }
  const from = state.picked ?? Math.max(0, Math.min(nowStep(day), day.steps - 1));
  const index = Math.max(0, Math.min(day.steps - 1, from + KEYS[event.key]));
  plot.setCursor({ left: plot.valToPos(day.start + index * day.step_s, "x"), top: 10 });
}
