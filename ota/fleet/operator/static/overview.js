// Counts over the fleet. A click on one narrows the table and the map to those units.

import { byId, facts, make, say, show } from "./dom.js";
import { question, toggle } from "./question.js";
import { MEANINGS, ORDER, shape } from "./states.js";
import { count } from "./counts.js";
import { fixed, known, percent } from "./words.js";

const MOST_SHOWN = 4;
const LISTS = [
  ["releases", "release", "no release told"],
  ["waits_for", "waits_for", ""],
  ["faults", "fault", ""],
  ["groups", "group", ""],
];

export function overview(fleet) {
  say("fleet-size", count(fleet.units, "unit", "units"));
  states(fleet.states);
  for (const [name, key, none] of LISTS) list(name, key, fleet[name], none);
  facts(byId("energy-facts"), [
    ["Mean charge", percent(fleet.energy.mean_charge_pct)],
    ["Least autonomy", fixed(fleet.energy.least_autonomy_days, 1, "days")],
    ["Sun of the week", sun(fleet.energy.sun_week_kwh)],
  ]);
}

function sun(kwh) {
  return known(kwh) && kwh >= 10000 ? fixed(kwh / 1000, 1, "MWh") : fixed(kwh, 0, "kWh");
}

function states(counts) {
  redraw("states", counts, "state", () => ORDER.map((state) => {
    const button = choice("state", state, counts[state] || 0);
    button.classList.add("state");
    button.title = MEANINGS[state];
    button.append(
      make("span", { class: "digits many" }, String(counts[state] || 0)),
      make("span", { class: "state-word" }, shape(state), state));
    return make("li", {}, button);
  }));
}

function list(name, key, counts, none) {
  const rows = Object.entries(counts).sort(([one, a], [other, b]) => b - a || (one < other ? -1 : 1));
  const most = Math.max(...rows.map(([, number]) => number), 1);
  const chosen = question()[key];
  const shown = rows.filter(([word], index) => index < MOST_SHOWN || word === chosen);
  show(`${name}-none`, rows.length === 0);
  const left = rows.length - shown.length;
  say(`${name}-more`, left > 0 ? `and ${left} more` : "");
  redraw(name, counts, key, () => shown.map(([word, number]) => row(key, word || none, word, number, most)));
}

function row(key, shown, word, number, most) {
  const bar = make("span", { class: "bar", "aria-hidden": "true" }, make("i"));
  bar.firstChild.style.width = `${(100 * number) / most}%`;
  const parts = [make("bdi", { class: "word" }, shown), make("span", { class: "digits amount" }, String(number)), bar];
  if (!word) return make("li", {}, make("span", { class: "choice" }, ...parts));
  const button = choice(key, word, number);
  button.append(...parts);
  return make("li", {}, button);
}

function choice(key, word, number) {
  const button = make("button", { type: "button", class: "choice", "data-key": key, "data-word": word });
  const chosen = question()[key] === word;
  button.setAttribute("aria-pressed", String(chosen));
  button.disabled = number === 0 && !chosen;
  button.addEventListener("click", () => toggle(key, word));
  return button;
}

/** New entries, only where a count or the choice has changed; the focus stays where it is. */
function redraw(id, counts, key, entries) {
  const place = byId(id);
  const text = JSON.stringify([counts, question()[key]]);
  if (place.dataset.shown === text) return;
  place.dataset.shown = text;
  const focused = place.contains(document.activeElement) ? document.activeElement.dataset.word : null;
  place.replaceChildren(...entries());
  if (focused === null) return;
  for (const button of place.querySelectorAll("button")) if (button.dataset.word === focused) button.focus();
}
