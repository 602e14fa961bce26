// How the chart looks: its lines, its axes, the bar of levels on top, the band in which the charge
// is expected, and the line of now.

import { clock, dayOf, siteZone } from "./times.js";
import { known, word } from "./words.js";
import { t } from "./translate.js";

const LEVELS = ["off", "hibernate", "sentinel", "eco", "full"];
const BAND_PX = 26;

/** Options for uPlot. `day()` gives the document now shown; `pick(step or null)` hears the cursor. */
export function chartOptions(day, size, pick) {
  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  return {
    ...size,
    padding: [BAND_PX + 10, 4, 0, 4],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 8 } },
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), siteZone()),
    scales: { x: { time: true }, w: { range: (_, __, most) => [0, Math.max(20, most * 1.08)] }, pct: { range: [0, 100] } },
    series: series(color),
    axes: axes(color),
    hooks: {
      drawAxes: [(u) => drawBand(u, day(), color), (u) => drawCharge(u, day(), color)],
      draw: [(u) => drawNow(u, day(), color)],
      setCursor: [(u) => pick(u.cursor.left >= 0 ? u.cursor.idx : null)],
    },
  };
}

function series(color) {
  const line = (scale, name, width, more) => ({ scale, stroke: color(name), width, points: { show: false }, ...more });
  const plan = { dash: [5, 5], alpha: 0.85 };
  return [
    {},
    line("w", "sun", 1.5, plan),
    line("w", "sun", 1.5, { fill: color("sun-area") }),
    line("w", "load", 1.5, plan),
    line("w", "load", 1.75),
    line("pct", "charge", 1.75, plan),
    line("pct", "charge", 3.25),
  ];
}

function axes(color) {
  const look = { stroke: color("quiet"), font: "12px system-ui, sans-serif", ticks: { show: false }, gap: 6 };
  const grid = { stroke: color("line"), width: 1 };
  return [
    { ...look, grid: { show: false }, size: 30, space: 46, values: (_, splits) => splits.map(hour) },
    { ...look, scale: "w", grid, size: 52, values: (_, splits) => splits.map((value) => `${value} W`) },
    { ...look, scale: "pct", side: 1, grid: { show: false }, size: 46, splits: [0, 25, 50, 75, 100], values: (_, splits) => splits.map((value) => `${value} %`) },
  ];
}

function hour(seconds) {
  const moment = new Date(seconds * 1000);
  const text = clock(moment);
  return text === "00:00" ? dayOf(moment) : text;
}

/** The levels as bars whose height grows with the level, each with its word where it has room. */
function drawBand(u, day, color) {
  const pixel = devicePixelRatio;
  const bottom = u.bbox.top - 6 * pixel;
  const context = u.ctx;
  context.save();
  for (const run of runs(day)) {
    const left = clamp(u, u.valToPos(run.from, "x", true));
    const right = clamp(u, u.valToPos(run.to, "x", true));
    const height = ((run.level + 1) / LEVELS.length) * BAND_PX * pixel;
    context.globalAlpha = run.planned ? 0.45 : 1;
    context.fillStyle = color(`level-${LEVELS[run.level]}-area`);
    context.fillRect(left, bottom - height, right - left - pixel, height);
    context.globalAlpha = 1;
    context.fillStyle = color(`level-${LEVELS[run.level]}`);
    context.fillRect(left, bottom - height, right - left - pixel, 2 * pixel);
    label(context, LEVELS[run.level], left, right, bottom, color("ink"), pixel);
  }
  context.restore();
}

function label(context, text, left, right, bottom, ink, pixel) {
  context.font = `600 ${12 * pixel}px system-ui, sans-serif`;
  if (context.measureText(text).width + 8 * pixel > right - left) return;
  context.fillStyle = ink;
  context.textBaseline = "alphabetic";
  context.textAlign = "left";
  context.fillText(text, left + 4 * pixel, bottom - 5 * pixel);
}

/** Stretches of one level: as it was until now, as planned from then on. */
function runs(day) {
  const nowStep = Math.floor((new Date(day.now).getTime() / 1000 - day.start) / day.step_s);
  const found = [];
  for (let index = 0; index < day.steps; index += 1) {
    const planned = index > nowStep;
    const level = LEVELS.indexOf(word((planned ? day.plan : day.reality).level[index]));
    const from = day.start + index * day.step_s;
    const last = found[found.length - 1];
    if (level < 0) continue;
    if (last && last.level === level && last.planned === planned && last.to === from) last.to += day.step_s;
    else found.push({ level, planned, from, to: from + day.step_s });
  }
  return found;
}

/** The band in which the plan expects the charge in eight of ten cases, behind the lines. */
function drawCharge(u, day, color) {
  const { low_charge_pct: low, high_charge_pct: high } = day.plan;
  const at = (index, pct) => [u.valToPos(day.start + index * day.step_s, "x", true), u.valToPos(pct, "pct", true)];
  u.ctx.save();
  u.ctx.fillStyle = color("charge-band");
  for (const [first, last] of stretches(low.map((value, index) => known(value) && known(high[index])))) {
    const steps = Array.from({ length: last - first + 1 }, (_, index) => first + index);
    u.ctx.beginPath();
    for (const step of steps) u.ctx.lineTo(...at(step, high[step]));
    for (const step of steps.reverse()) u.ctx.lineTo(...at(step, low[step]));
    u.ctx.fill();
  }
  u.ctx.restore();
}

/** First and last index of each stretch of true. */
function stretches(flags) {
  const found = [];
  flags.forEach((flag, index) => {
    if (!flag) return;
    const last = found[found.length - 1];
    if (last && last[1] === index - 1) last[1] = index;
    else found.push([index, index]);
  });
  return found;
}

function drawNow(u, day, color) {
  const pixel = devicePixelRatio;
  const x = Math.round(u.valToPos(new Date(day.now).getTime() / 1000, "x", true));
  if (x < u.bbox.left || x > u.bbox.left + u.bbox.width) return; // the day of another time
  const context = u.ctx;
  const bottom = u.bbox.top + u.bbox.height;
  context.save();
  context.fillStyle = color("ink");
  context.fillRect(x, u.bbox.top - 6 * pixel, 1.5 * pixel, u.bbox.height + 6 * pixel);
  context.font = `600 ${12 * pixel}px system-ui, sans-serif`;
  const width = context.measureText(t("now")).width + 8 * pixel;
  context.fillRect(x, bottom - 18 * pixel, width, 18 * pixel);
  context.fillStyle = color("card");
  context.textBaseline = "middle";
  context.textAlign = "left";
  context.fillText(t("now"), x + 4 * pixel, bottom - 9 * pixel);
  context.restore();
}

function clamp(u, x) {
  return Math.max(u.bbox.left, Math.min(u.bbox.left + u.bbox.width, x));
}
