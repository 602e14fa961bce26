// The table: one page of the units that the question is about, sorted by the server.

import { byId, make, say, show } from "./dom.js";
import { change, page, PAGE_UNITS, question } from "./question.js";
import { stateWord } from "./states.js";
import { full, span, when } from "./times.js";
import { fixed, known, percent, sentence } from "./words.js";

const COLUMNS = [
  ["name", (unit) => unitLink(unit.name)],
  ["group", (unit) => make("bdi", {}, unit.group)],
  [null, (unit) => stateWord(unit.state)],
  ["fault_count", (unit) => (unit.fault_count ? make("strong", { class: "bad" }, String(unit.fault_count)) : "")],
  ["running_release", release],
  ["waits_for", why],
  ["received_at", (unit, now) => ago(unit.received_at, now)],
  ["expected_at", (unit, now) => back(unit, now)],
  ["charge_pct", (unit) => figure(unit.charge_pct, (value) => percent(value))],
  ["autonomy_days", (unit) => figure(unit.autonomy_days, (value) => fixed(value, 1, "d"))],
  ["sun_week_kwh", (unit) => figure(unit.sun_week_kwh, (value) => fixed(value, 1, "kWh"))],
];
let shown = null;
const NUMBERS = new Set(["charge_pct", "autonomy_days", "sun_week_kwh", "fault_count"]);
const LARGEST_FIRST = new Set(["received_at", "sun_week_kwh", "fault_count"]);

export function unitLink(name) {
  return make("a", { href: `#unit=${encodeURIComponent(name)}` }, make("bdi", {}, name));
}

function release(unit) {
  const running = make("bdi", {}, unit.running_release || "–");
  const isUnderWay = unit.release && unit.release !== unit.running_release;
  return isUnderWay ? make("span", {}, running, " → ", make("bdi", { class: "next" }, unit.release)) : running;
}

function why(unit) {
  const text = unit.reason ? sentence(unit.reason) : "";
  const waits = unit.waits_for ? make("strong", {}, make("bdi", {}, unit.waits_for), text ? ": " : "") : null;
  return make("span", { class: "why", title: text }, waits, make("bdi", {}, text));
}

function ago(at, now) {
  if (!at) return "never";
  const time = make("time", { class: "ago", datetime: at, title: full(new Date(at)) });
  tell(time, now);
  return time;
}

function tell(time, now) {
  const since = span((now - new Date(time.dateTime)) / 1000);
  say(time, `${since.split(" ", 1)[0]} ago`); // its largest unit
}

function back(unit, now) {
  if (!unit.expected_at) return "";
  return make("time", { datetime: unit.expected_at, title: full(new Date(unit.expected_at)) }, when(new Date(unit.expected_at), now));
}

function figure(value, write) {
  return known(value) ? write(value) : "–";
}

/** The answer of /api/v1/units; where it is the last one still, only its ages go on. */
export function table(answer, now) {
  if (answer === shown) for (const time of document.querySelectorAll("#units .ago")) tell(time, now);
  else draw(answer, now);
  shown = answer;
}

function draw({ units, total }, now) {
  const rows = units.map((unit) => make("tr", { "data-state": unit.state },
    ...COLUMNS.map(([key, write], index) => {
      const tag = index === 0 ? "th" : "td";
      const cell = make(tag, { class: NUMBERS.has(key) ? "number" : null, scope: index === 0 ? "row" : null });
      cell.append(write(unit, now));
      return cell;
    })));
  const body = byId("units");
  const focused = body.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  body.replaceChildren(...rows);
  if (focused) [...body.querySelectorAll("a")].find((link) => link.getAttribute("href") === focused)?.focus({ preventScroll: true });
  pages(total, units.length);
  headings();
}

function pages(total, shown) {
  const first = (page() - 1) * PAGE_UNITS + 1;
  const last = first + shown - 1;
  say("which", total === 0 ? "No unit is like that." : shown === 0 ? `There is no such page; ${total} units in all.` : `${first} to ${last} of ${total}`);
  byId("earlier").disabled = page() <= 1;
  byId("later").disabled = last >= total;
  show("pages", true);
}

function headings() {
  const { sort, descending } = question();
  for (const heading of document.querySelectorAll("#table th[data-sort]")) {
    const is = heading.dataset.sort === sort;
    if (is) heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
    else heading.removeAttribute("aria-sort");
  }
}

function sortBy(key) {
  const { sort, descending } = question();
  const first = LARGEST_FIRST.has(key) ? "true" : "";
  const other = descending ? "" : "true";
  change({ sort: key, descending: sort === key ? other : first });
}

export function startTable() {
  for (const heading of document.querySelectorAll("#table th[data-sort]")) {
    heading.querySelector("button").addEventListener("click", () => sortBy(heading.dataset.sort));
  }
  byId("earlier").addEventListener("click", () => change({ page: String(page() - 1) }));
  byId("later").addEventListener("click", () => change({ page: String(page() + 1) }));
  headings();
}
