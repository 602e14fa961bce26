// What every view has: asks the unit for its status while somebody looks, and hands the answer to the
// view's panels; the time of the unit, the notice when no answer comes.
// Never asks while hidden: a viewer who does not look costs no energy.

import { byId, say, show } from "./dom.js";
import { ask, found, lost, sinceWhen } from "./link.js";
import { clockSeconds, date, setUnitTime, unitNow, useZone } from "./times.js";
import { t } from "./translate.js";

const EVERY_MS = 2000;
const TICK_MS = 1000;
const WAIT_MS = 3000;

let panels = [];
let also = async () => {};
let every = EVERY_MS;
let timer = null;
let asking = false;
let last = null;

/**
 * Start the view: `panels` are called with (status, now) at each answer and each second, `also` with
 * (status) before the panels, and may ask for more; a view that shows little that changes asks less
 * often (`everyMs`).
 */
export function start(view) {
  panels = view.panels || [];
  also = view.also || also;
  every = view.everyMs || EVERY_MS;
  const first = JSON.parse(byId("first").textContent);
  if (first) {
    document.body.classList.add("answered");
    take(first);
  }
  const reveal = () => document.body.classList.remove("waiting");
  turn().finally(reveal);
  setTimeout(reveal, WAIT_MS); // a slow unit: what is known is shown, although more will move it
  setInterval(tick, TICK_MS);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") turn();
    else clearTimeout(timer);
  });
}

/** Ask now: after something was ordered, so that its effect is seen at once. */
export async function turn() {
  if (asking) return;
  asking = true;
  clearTimeout(timer);
  try {
    const status = await answered();
    if (status) take(status);
  } catch (error) {
    lost(new Error(t("This page cannot show the unit's answer; load it again.")));
    throw error;
  } finally {
    asking = false;
    if (document.visibilityState === "visible") timer = setTimeout(turn, every);
  }
}

/** The unit's status, or null (and the page says why) where no answer comes. */
async function answered() {
  try {
    const status = await ask("/api/status");
    await also(status);
    found();
    return status;
  } catch (error) {
    lost(error);
    return null;
  }
}

/** A new answer: its time counts from here on. */
function take(status) {
  useZone(status.unit.timezone);
  setUnitTime(status.unit);
  last = status;
  draw();
}

/** The last answer, at the time that it is now: also called each second, so that ages tick. */
function draw() {
  const now = unitNow();
  unit(last.unit, now);
  for (const panel of panels) panel(last, now);
}

function tick() {
  if (last && document.visibilityState === "visible") draw();
  if (last) sinceWhen();
}

function unit(unit, now) {
  say("unit-name", unit.name);
  say("unit-time", `${date(now)}, ${clockSeconds(now)}`);
  say("unit-zone", unit.timezone);
  const demonstration = unit.speed > 1;
  show("demo", demonstration);
  if (demonstration) say("demo", t("Demonstration: {speed} times real time, with simulated sun and battery.", { speed: unit.speed }));
}
