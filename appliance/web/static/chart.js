// The chart of the overview: the last 24 hours and the next 12.

import { makeChart, nowStep } from "./daychart.js";
import { energy, known } from "./words.js";
import { t } from "./translate.js";

export const chart = makeChart("chart", says);

function says(day) {
  const past = day.reality.pv_power_w.some(known)
    ? t("Last 24 hours: {sun} from the panels, {use} used.", { sun: sum(day, "reality", "pv_power_w", 0), use: sum(day, "reality", "load_power_w", 0) })
    : t("The solar energy of the last 24 hours is not known.");
  const next = nowStep(day) + 1;
  const charges = day.plan.state_of_charge_pct.slice(next);
  if (!charges.some(known)) return `${past} ${t("There is no plan for the next hours: the level follows the charge alone.")}`;
  return `${past} ${t("Plan for the next 12 hours: {sun} from the panels.", { sun: sum(day, "plan", "pv_power_w", next) })}`;
}

/** The energy of a list of powers from a step on. */
export function sum(day, part, column, from) {
  const some = day[part][column].slice(from).filter(known);
  if (!some.length) return t("an unknown amount");
  return energy((some.reduce((total, one) => total + one, 0) * day.step_s) / 3600);
}
