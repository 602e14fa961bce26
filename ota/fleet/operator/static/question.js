// Which units the page is about. The address holds it, so that a link can be sent: ?state=silent&sort=charge_pct

const WORDS = ["state", "group", "release", "waits_for", "fault", "text"];
const USUAL = { sort: "name", descending: "", page: "1" };
const KEYS = [...WORDS, ...Object.keys(USUAL)];
export const PAGE_UNITS = 50;

let asked = read();
const listeners = [];

function read() {
  const given = new URLSearchParams(location.search);
  return Object.fromEntries(KEYS.map((key) => [key, given.get(key) || USUAL[key] || ""]));
}

export function question() {
  return asked;
}

/** The page's number, from 1. */
export function page() {
  return Math.max(1, Number.parseInt(asked.page, 10) || 1);
}

export function isNarrowed() {
  return WORDS.some((key) => asked[key]);
}

/** Ask something else from now on. `typing`: no step back for each letter. */
export function change(patch, { typing = false } = {}) {
  const next = { ...asked, page: "1", ...patch };
  if (KEYS.every((key) => next[key] === asked[key])) return;
  asked = next;
  history[typing ? "replaceState" : "pushState"](null, "", addressOf(next) + location.hash);
  tell();
}

/** The same word once more takes the narrowing away. */
export function toggle(key, value) {
  change({ [key]: asked[key] === value ? "" : value });
}

export function everything() {
  change(Object.fromEntries(WORDS.map((key) => [key, ""])));
}

function addressOf(wanted) {
  const shown = KEYS.filter((key) => wanted[key] && wanted[key] !== USUAL[key]);
  const text = new URLSearchParams(shown.map((key) => [key, wanted[key]])).toString();
  return location.pathname + (text ? `?${text}` : "");
}

/** The page's own address with its question, without the card of a unit. */
export function address() {
  return addressOf(asked);
}

/** What the server is asked for a list, or (`places`) for the map. */
export function listArguments({ places = false } = {}) {
  const given = new URLSearchParams(WORDS.filter((key) => asked[key]).map((key) => [key, asked[key]]));
  if (!places) {
    given.set("sort", asked.sort);
    if (asked.descending) given.set("descending", asked.descending);
    given.set("limit", PAGE_UNITS);
    given.set("offset", (page() - 1) * PAGE_UNITS);
  }
  return given.toString();
}

export function onQuestion(listener) {
  listeners.push(listener);
}

function tell() {
  for (const listener of listeners) listener();
}

window.addEventListener("popstate", () => {
  const before = JSON.stringify(asked);
  asked = read();
  if (JSON.stringify(asked) !== before) tell();
});
