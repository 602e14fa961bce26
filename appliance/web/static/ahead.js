// The coming days: the plan as a chart with its band, and the sums of each day.

import { byId, make, say } from "./dom.js";
import { makeChart, nowStep } from "./daychart.js";
import { levelBar } from "./history.js";
import { energy, known, percent, sentence } from "./words.js";
import { ask } from "./link.js";
import { date, lastKnown, when } from "./times.js";
import { t } from "./translate.js";

const AGAIN_MS = 300_000;
let askedAt = -Infinity;

const draw = makeChart("ahead", says);

/** Called with each status: asks where it is time to. */
export function ahead(_status, now) {
  if (performance.now() - askedAt > AGAIN_MS) refresh(now);
}

async function refresh(now) {
  askedAt = performance.now();
  try {
    const found = await ask("/api/energy/ahead");
    draw(found);
    byId("ahead-days").replaceChildren(...found.days.map(row));
    say("ahead-made", found.fresh ? t("Planned {time}.", { time: when(new Date(found.made), now) }) : "");
  } catch {
    askedAt = -Infinity; // the page already says that the link is lost
  }
}

function says(found) {
  if (!found.made) return t("There is no plan yet: the level follows the charge alone.");
  if (!found.fresh) return t("There is no plan that holds. {last}", { last: lastKnown(found.made, found.nowDate) });
  const charges = found.plan.state_of_charge_pct;
  const lowest = charges.indexOf(Math.min(...charges.filter(known)));
  const at = new Date((found.start + Math.max(lowest, nowStep(found)) * found.step_s) * 1000);
  const low = found.plan.low_charge_pct[lowest];
  const band = known(low) ? t(" (in 1 of 10 cases below {low})", { low: percent(low) }) : "";
  const about = found.about ? ` ${sentence(found.about)}` : "";
  return t("Lowest SOC {charge}, {time}{band}.", { charge: percent(charges[lowest]), time: when(at, found.nowDate), band }) + about;
}

function row(day) {
  const lowest = known(day.low_charge_pct) ? `${percent(day.lowest_charge_pct)} (${percent(day.low_charge_pct)})` : percent(day.lowest_charge_pct);
  return make("tr", {},
    make("th", { scope: "row" }, date(new Date(`${day.day}T12:00:00Z`))),
    make("td", {}, energy(day.sun_wh)),
    make("td", {}, energy(day.use_wh)),
    make("td", {}, lowest),
    make("td", {}, levelBar(day)));
}
