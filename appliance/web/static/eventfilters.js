// The form with which events are filtered; it shows what the page's address says.

import { byId, make } from "./dom.js";
import { address, choose, dateOf, dayAfter, go, WORDS } from "./eventaddress.js";
import { ask } from "./link.js";

const AGAIN_MS = 60_000;
let askedAt = -Infinity;

/** The address's choice, written into the form. */
export function fillForm() {
  const given = address();
  for (const name of WORDS) {
    const select = byId(`filter-${name}`);
    add(select, given[name] ? [given[name]] : []);
    select.value = given[name] || "";
  }
  byId("filter-from").value = given.since ? dateOf(given.since) : "";
  byId("filter-to").value = given.until ? dateOf(given.until, -1) : "";
}

/** The words that events can be filtered by; those of new events are added. */
export async function fillWords() {
  if (performance.now() - askedAt < AGAIN_MS) return;
  askedAt = performance.now();
  const found = await ask("/api/event-filters").catch(() => ({}));
  for (const name of WORDS) add(byId(`filter-${name}`), found[name] || []);
}

function add(select, words) {
  const known = new Set([...select.options].map((option) => option.value));
  for (const one of words) if (!known.has(one)) select.append(make("option", { value: one }, one));
}

for (const name of WORDS) {
  byId(`filter-${name}`).addEventListener("change", (event) => choose({ [name]: event.target.value }));
}
byId("filter-from").addEventListener("change", (event) => {
  const since = event.target.value;
  const { until } = address();
  choose({ since, until: since && until && dateOf(until, -1) < since ? dayAfter(since) : until });
});
byId("filter-to").addEventListener("change", (event) => {
  const last = event.target.value;
  const { since } = address();
  choose({ until: last && dayAfter(last), since: last && since && dateOf(since) > last ? last : since });
});
byId("event-filters").addEventListener("submit", (event) => event.preventDefault());
byId("filter-none").addEventListener("click", () => go({}));
