// A day as a chart: which one is in the address (?day=2026-04-15), so that it can be sent and gone
// back to. Without one it is today, which is asked for again while somebody looks.

import { byId, say } from "./dom.js";
import { makeChart } from "./daychart.js";
import { sum } from "./sums.js";
import { known, sentence } from "./words.js";
import { ask } from "./link.js";
import { siteDay } from "./times.js";
import { fillMoment, showMoment } from "./whythen.js";
import { t } from "./translate.js";

const AGAIN_MS = 60_000;
const DAY_MS = 86_400_000;
let wanted = null; // the day in the address; null: today
let today = null;
let shownFor = null; // the day that was asked for last
let askedAt = -Infinity;
let moment = null;

const draw = makeChart("past", says, (at) => {
  moment = at;
});

/** Called with each status: asks where it is time to. */
export function pastDay(_status, now) {
  today = siteDay(now);
  if (wanted === today) wanted = null;
  const day = wanted || today;
  if (day === shownFor && (wanted || performance.now() - askedAt < AGAIN_MS)) return;
  refresh(day);
}

/** Show the day that the address names. */
export function followDay() {
  const named = new URLSearchParams(location.search).get("day");
  wanted = /^\d{4}-\d\d-\d\d$/.test(named || "") ? named : null;
  shownFor = null;
}

async function refresh(day) {
  const another = day !== shownFor;
  shownFor = day;
  askedAt = performance.now();
  byId("day-pick").value = day;
  byId("day-pick").max = today;
  byId("day-later").disabled = day >= today;
  byId("day-today").disabled = day === today;
  try {
    const found = await ask(`/api/energy/day?day=${encodeURIComponent(day)}`);
    if (day !== shownFor) return;
    byId("day-pick").min = found.first_day;
    byId("day-earlier").disabled = day <= found.first_day;
    draw(found);
    if (another) fillMoment(moment);
  } catch (error) {
    if (error.status === 400) say("past-says", sentence(error.message));
    else shownFor = null; // asked again; the page says that the link is lost
  }
}

function says(day) {
  const { pv_power_w: sun, load_power_w: use, state_of_charge_pct: charge } = day.reality;
  if (!sun.some(known) && !use.some(known) && !charge.some(known)) return t("Nothing is stored of this day.");
  const parts = [t("{sun} from the panels, {use} used.", { sun: sum(day, "reality", "pv_power_w"), use: sum(day, "reality", "load_power_w") })];
  const charges = charge.filter(known);
  if (charges.length) parts.push(t("SOC from {low} to {high} %.", { low: Math.min(...charges).toFixed(0), high: Math.max(...charges).toFixed(0) }));
  if (day.step_s === 3600) parts.push(t("Means of an hour: finer ones are kept for 31 days."));
  return parts.join(" ");
}

function go(day) {
  if (!/^\d{4}-\d\d-\d\d$/.test(day) || day > today) return;
  const address = new URL(location.href);
  if (day === today) address.searchParams.delete("day");
  else address.searchParams.set("day", day);
  history.pushState(null, "", address);
  wanted = day === today ? null : day;
  refresh(day);
}

function shifted(days) {
  const from = new Date(`${wanted || today}T12:00:00Z`);
  return new Date(from.getTime() + days * DAY_MS).toISOString().slice(0, 10);
}

byId("day-earlier").addEventListener("click", () => go(shifted(-1)));
byId("day-later").addEventListener("click", () => go(shifted(1)));
byId("day-today").addEventListener("click", () => go(today));
byId("day-pick").addEventListener("change", (event) => go(event.target.value));
byId("past-why").addEventListener("click", () => {
  if (moment) showMoment(moment, true);
});
window.addEventListener("popstate", () => {
  followDay();
  refresh(wanted || today);
});
