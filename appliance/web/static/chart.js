// The chart of the overview: the last 24 hours and the next 12.

import { makeChart, nowStep } from "./daychart.js";
import { say } from "./dom.js";
import { isOfDay, sum } from "./sums.js";
import { known } from "./words.js";
import { t } from "./translate.js";

const draw = makeChart("chart", says);

/** Draws the day; what the sun gave today is the same sum as on the view of energy. */
export function chart(day) {
  draw(day);
  say("sun-today", sum(day, "reality", "pv_power_w", isOfDay(day.nowDate)));
}

function says(day) {
  const past = day.reality.pv_power_w.some(known)
    ? t("Last 24 hours: {sun} from the panels, {use} used.", { sun: sum(day, "reality", "pv_power_w"), use: sum(day, "reality", "load_power_w") })
    : t("The solar energy of the last 24 hours is not known.");
  const next = nowStep(day) + 1;
  const isNext = (at) => at >= new Date((day.start + next * day.step_s) * 1000);
  const charges = day.plan.state_of_charge_pct.slice(next);
  if (!charges.some(known)) return `${past} ${t("There is no plan for the next hours: the level follows the charge alone.")}`;
  return `${past} ${t("Plan for the next 12 hours: {sun} from the panels.", { sun: sum(day, "plan", "pv_power_w", isNext) })}`;
}
