// The overview: is all well, will it last, what does the unit do now and why.

import { alarms } from "../alarms.js";
import { battery } from "../battery.js";
import { cameras } from "../camera.js";
import { chart } from "../chart.js";
import { say, show } from "../dom.js";
import { events } from "../events.js";
import { faults } from "../faults.js";
import { headline } from "../headline.js";
import { sight } from "../inference.js";
import { ask } from "../link.js";
import { load } from "../load.js";
import { night, outlook } from "../night.js";
import { servicesInShort } from "../services.js";
import { start } from "../shell.js";
import { summary } from "../summary.js";
import { sun } from "../sun.js";
import { when } from "../times.js";
import { t } from "../translate.js";
import { sentence } from "../words.js";

const DAY_EVERY_MS = 60000;
const DAY_EVERY_MS_IN_DEMONSTRATION = 5000;

const OLD_LINK = /^#event=(.+)$/; // in alarms that were sent before events had addresses of their own
const OF_EVENT = location.hash.match(OLD_LINK);
if (OF_EVENT) location.replace(`/events/${OF_EVENT[1].replaceAll("/", "%2F")}`);

/** Whether updates wait and for what; the view of updates has the rest. */
function update(status) {
  const { takes_updates: takes, sentence: says } = status.update;
  show("update", takes);
  if (takes) say("update-does", sentence(says));
}

/** How the mobile link is, what it has used, and when a server answered last. */
function mobile(status, now) {
  const link = status.link;
  show("mobile", link !== null);
  if (link === null) return;
  say("mobile-does", sentence(link.sentence));
  const used = t("{used} MB this month", { used: Math.round(link.month_bytes / 1e6) });
  const most = link.budget_bytes === null ? "" : t("of {most} MB", { most: Math.round(link.budget_bytes / 1e6) });
  const reached = link.reached_at ? t("a server answered {time}", { time: when(new Date(link.reached_at), now) }) : t("no server has answered yet");
  say("mobile-used", `${used} ${most}; ${reached}`);
}

let dayAsked = -Infinity;
let day = null;

async function refreshDay(status) {
  const every = status.unit.speed > 1 ? DAY_EVERY_MS_IN_DEMONSTRATION : DAY_EVERY_MS;
  if (performance.now() - dayAsked < every) return;
  day = await ask("/api/day");
  dayAsked = performance.now();
}

function drawDay() {
  if (day) chart(day);
  day = null;
}

const PANELS = [summary, faults, headline, night, outlook, battery, sun, load, sight, events, cameras, servicesInShort, alarms, update, mobile, drawDay];
start({ panels: PANELS, also: refreshDay });
