// What if: sliders, and what the unit would do then. The unit calculates; one question at a time, a
// moment after the slider rests.

import { byId, make, say } from "./dom.js";
import { known, percent, sentence } from "./words.js";
import { ask } from "./link.js";
import { span } from "./times.js";
import { number, t } from "./translate.js";

const REST_MS = 500;
const WAIT_MS = 30_000;
const LEVELS = ["FULL", "ECO", "SENTINEL", "HIBERNATE"];
const form = byId("wishes");
const sliders = [...form.querySelectorAll("input")];
let timer = null;
let asking = false;
let again = false;

function label(slider) {
  const unit = slider.dataset.unit ? `\u00a0${slider.dataset.unit}` : "";
  const changed = Number(slider.value) !== Number(slider.dataset.now) && slider.name !== "dull_sun_pct";
  const text = `${slider.value}${unit}`;
  say(`wish-${slider.name}-value`, changed ? t("{value} (now {now})", { value: text, now: `${Number(slider.dataset.now)}${unit}` }) : text);
  slider.setAttribute("aria-valuetext", text);
}

function moved() {
  sliders.forEach(label);
  clearTimeout(timer);
  timer = setTimeout(refresh, REST_MS);
}

async function refresh() {
  if (asking) {
    again = true;
    return;
  }
  [asking, again] = [true, false];
  document.querySelector(".wish-table").classList.add("asking");
  const query = new URLSearchParams(sliders.map((one) => [one.name, one.value]));
  try {
    draw(await ask(`/api/energy/what-if?${query}`, WAIT_MS));
  } catch (error) {
    say("wish-says", sentence(error.message));
  }
  asking = false;
  document.querySelector(".wish-table").classList.remove("asking");
  if (again) refresh();
}

function draw({ now, scarce, week }) {
  say("wish-says", says(scarce, week));
  byId("wish-rows").replaceChildren(
    group(t("A dull week from now on, {sun} of a cloudless day's sun", { sun: percent(week.sun_pct) })),
    row(t("Lowest SOC"), week, (one) => one.lowest_charge_pct, percent, 1),
    row(t("Hibernates"), week, (one) => one.hibernates_after_h, after, 1),
    row(t("Powers off"), week, (one) => one.powers_off_after_h, after, 1),
    ...season(t("The next {days} days", { days: now.days }), now),
    ...season(t("The {days} days of the year with the least sun", { days: scarce.days }), scarce));
}

function season(title, one) {
  return [
    group(title),
    row(t("Work, of full work"), one, (unit) => unit.worth_pct, percent, 1),
    row(t("Hours a day at each level"), one, (unit) => unit.hours_a_day, hours, 0),
    row(t("Courses in which it hibernates"), one, (unit) => unit.chance_to_hibernate_pct, percent, -1),
    row(t("Lowest SOC, 1 in 10 cases"), one, (unit) => unit.lowest_charge_pct, percent, 0),
  ];
}

function group(title) {
  return make("tr", { class: "group" }, make("th", { scope: "rowgroup", colspan: "3" }, title));
}

/** `good` 1: more is better; -1: less is; 0: neither. Never (null) is after any time. */
function row(title, pair, pick, format, good) {
  const [before, then] = [pick(pair.today), pick(pair.changed)];
  const better = (value) => (known(value) ? value : Infinity);
  const turn = good && typeof (known(then) ? then : 0) === "number" ? Math.sign(better(then) - better(before)) * good : 0;
  const mark = turn > 0 ? "better" : turn < 0 ? "worse" : null;
  const word = turn > 0 ? ` (${t("better")})` : turn < 0 ? ` (${t("worse")})` : "";
  return make("tr", {}, make("th", { scope: "row" }, title),
    make("td", {}, format(before)), make("td", { class: mark }, `${format(then)}${word}`));
}

function after(value) {
  return known(value) ? t("after {span}", { span: span(value * 3600) }) : t("never");
}

function hours(found) {
  return LEVELS.map((level) => `${level.toLowerCase()}\u00a0${number(found[level].toFixed(1))}`).join(", ");
}

function says(scarce, week) {
  const work = t("In the days with the least sun the unit would do {then} of full work (as it is: {now}).", { then: percent(scarce.changed.worth_pct), now: percent(scarce.today.worth_pct) });
  const lasts = known(week.changed.hibernates_after_h)
    ? t("In the dull week it would hibernate after {span}.", { span: span(week.changed.hibernates_after_h * 3600) })
    : t("It would come through the dull week without hibernating.");
  return `${work} ${lasts}`;
}

form.addEventListener("input", moved);
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("reset", () => setTimeout(moved));
sliders.forEach(label);
// Nobody has to look so far down: the first answer is asked for once somebody does.
const seen = new IntersectionObserver(([entry]) => {
  if (!entry.isIntersecting) return;
  seen.disconnect();
  refresh();
});
seen.observe(form);
