// The page: asks the unit every two seconds while somebody looks, and hands the answer to the panels.
// Never asks while hidden: a viewer who does not look costs no energy.

import { alarms } from "./alarms.js";
import { battery } from "./battery.js";
import { cameras } from "./camera.js";
import { chart } from "./chart.js";
import { followAddress } from "./dialog.js";
import { byId, say, show } from "./dom.js";
import { events } from "./events.js";
import { faults } from "./faults.js";
import { headline } from "./headline.js";
import { history } from "./history.js";
import { ask, found, lost, sinceWhen } from "./link.js";
import { load } from "./load.js";
import { night, outlook } from "./night.js";
import { computer, services } from "./services.js";
import { sight } from "./inference.js";
import { sun } from "./sun.js";
import { summary } from "./summary.js";
import { update } from "./update.js";
import { clockSeconds, date, setUnitTime, unitNow, useZone } from "./times.js";

const PANELS = [summary, faults, headline, night, outlook, battery, sun, load, sight, events, history, cameras, services, alarms, update, computer];
const EVERY_MS = 2000;
const TICK_MS = 1000;
const WAIT_MS = 3000;
const DAY_EVERY_MS = 60000;
const DAY_EVERY_MS_IN_DEMONSTRATION = 5000;

let timer = null;
let asking = false;
let dayAsked = -Infinity;
let day = null;
let last = null;
let followed = false;

async function turn() {
  if (asking) return;
  asking = true;
  clearTimeout(timer);
  try {
    const status = await answered();
    if (status) take(status);
  } catch (error) {
    lost(new Error("This page cannot show the unit's answer; load it again."));
    throw error;
  } finally {
    asking = false;
    if (document.visibilityState === "visible") timer = setTimeout(turn, EVERY_MS);
  }
}

/** The unit's status with the day drawn, or null (and the page says why) where no answer comes. */
async function answered() {
  try {
    const status = await ask("/api/status");
    await refreshDay(status);
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
  if (!followed) followAddress();
  followed = true;
}

/** The last answer, at the time that it is now: also called each second, so that ages tick. */
function draw() {
  const now = unitNow();
  unit(last.unit, now);
  for (const panel of PANELS) panel(last, now);
  if (day) chart(day);
  day = null;
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
  if (demonstration) say("demo", `Demonstration: ${unit.speed} times real time, with simulated sun and battery.`);
}

async function refreshDay(status) {
  const every = status.unit.speed > 1 ? DAY_EVERY_MS_IN_DEMONSTRATION : DAY_EVERY_MS;
  if (performance.now() - dayAsked < every) return;
  day = await ask("/api/day");
  dayAsked = performance.now();
}

/** The status that came with the page: shown at once, without a further request. */
function begin() {
  const first = JSON.parse(byId("first").textContent);
  if (first) take(first);
  const reveal = () => document.body.classList.remove("waiting");
  turn().finally(reveal);
  setTimeout(reveal, WAIT_MS); // a slow unit: what is known is shown, although more will move it
  setInterval(tick, TICK_MS);
}

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") turn();
  else clearTimeout(timer);
});
begin();
