// Sums of a chart's powers: the same on every view that tells them.

import { siteDay } from "./times.js";
import { energy, known } from "./words.js";
import { t } from "./translate.js";

/** The energy of the powers of a column in words; `isMeant`: of which steps, by their start. */
export function sum(day, part, column, isMeant = () => true) {
  const some = day[part][column].filter((one, step) => known(one) && isMeant(new Date((day.start + step * day.step_s) * 1000)));
  if (!some.length) return t("an unknown amount");
  return energy((some.reduce((total, one) => total + one, 0) * day.step_s) / 3600);
}

/** Whether a step is of the day of `moment` at the site. */
export function isOfDay(moment) {
  const day = siteDay(moment);
  return (at) => siteDay(at) === day;
}
