// Which events are meant, as the page's address says it: camera, label, zone, since, until (moments, or
// dates of the site), and where in the list (before, after: cursors).

import { siteZone } from "./times.js";

export const WORDS = ["camera", "label", "zone"];
const FILTERS = [...WORDS, "since", "until"];
const NAMES = [...FILTERS, "before", "after"];
let changed = () => {};

/** Call `then` whenever the address says something else. */
export function onChange(then) {
  changed = then;
}

/** What the address says; a name that it does not have is missing. */
export function address() {
  const given = new URLSearchParams(location.search);
  return Object.fromEntries(NAMES.filter((name) => given.get(name)).map((name) => [name, given.get(name)]));
}

/** The same as a request or a link has it, without the place in the list. */
export function filters(values = address()) {
  return new URLSearchParams(FILTERS.filter((name) => values[name]).map((name) => [name, values[name]]));
}

/** Go to another choice; it can be gone back from. */
export function go(values, how = "pushState") {
  const words = new URLSearchParams(NAMES.filter((name) => values[name]).map((name) => [name, values[name]]));
  history[how](null, "", String(words) ? `?${words}` : location.pathname);
  changed();
}

/** Other filters begin with the newest event that they find. */
export function choose(values) {
  const { before, after, ...others } = address();
  go({ ...others, ...values });
}

/** The date at the site of a moment, or of a date itself; `ms` later. */
export function dateOf(text, ms = 0) {
  const isDate = /^\d{4}-\d{2}-\d{2}$/.test(text);
  const moment = new Date(new Date(text).getTime() + ms);
  if (Number.isNaN(moment.getTime())) return "";
  return new Intl.DateTimeFormat("en-CA", { timeZone: isDate ? "UTC" : siteZone(), dateStyle: "short" }).format(moment);
}

/** A date some days later. */
export function dayAfter(date, days = 1) {
  const next = new Date(`${date}T00:00:00Z`);
  next.setUTCDate(next.getUTCDate() + days);
  return next.toISOString().slice(0, 10);
}

window.addEventListener("popstate", () => changed());
