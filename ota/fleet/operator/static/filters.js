// What the table and the map are narrowed to: a text, and one word of each kind.

import { byId, make, show } from "./dom.js";
import { change, everything, isNarrowed, onQuestion, question } from "./question.js";
import { ORDER } from "./states.js";

const TYPING_MS = 250;
const LISTS = { "by-group": ["group", "groups"], "by-release": ["release", "releases"], "by-wait": ["waits_for", "waits_for"], "by-fault": ["fault", "faults"] };
let fleet = null;
let timer = null;

/** The words to choose from, with how many units each has. */
export function filters(counts) {
  fleet = counts;
  fill("by-state", "state", Object.fromEntries(ORDER.filter((one) => fleet.states[one]).map((one) => [one, fleet.states[one]])));
  for (const [id, [key, name]] of Object.entries(LISTS)) fill(id, key, fleet[name]);
  reflect();
}

function fill(id, key, counts) {
  const select = byId(id);
  const chosen = question()[key];
  const words = Object.keys(counts).filter((word) => word);
  if (chosen && !words.includes(chosen)) words.push(chosen);
  const text = JSON.stringify(words.map((word) => [word, counts[word]]));
  if (select.dataset.shown !== text) {
    select.dataset.shown = text;
    select.replaceChildren(make("option", { value: "" }, "any"),
      ...words.map((word) => make("option", { value: word }, `${word} (${counts[word] || 0})`)));
  }
  select.value = chosen;
}

function reflect() {
  if (document.activeElement !== byId("by-text")) byId("by-text").value = question().text;
  show("show-all", isNarrowed());
}

export function startFilters() {
  const keys = { "by-state": "state", ...Object.fromEntries(Object.entries(LISTS).map(([id, [key]]) => [id, key])) };
  for (const [id, key] of Object.entries(keys)) {
    byId(id).addEventListener("change", (event) => change({ [key]: event.target.value }));
  }
  byId("by-text").value = question().text;
  byId("by-text").addEventListener("input", (event) => {
    clearTimeout(timer);
    timer = setTimeout(() => change({ text: event.target.value }, { typing: true }), TYPING_MS);
  });
  byId("show-all").addEventListener("click", () => {
    byId("by-text").value = "";
    everything();
    byId("by-text").focus();
  });
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  onQuestion(() => (fleet ? filters(fleet) : reflect()));
}
