// How many events there were, as a strip of bars: days, or the hours of one day. A touch, or Enter,
// leads to a bar's events; the arrow keys read one bar after the other.

import { byId, say, show } from "./dom.js";
import { address, choose, dateOf, dayAfter } from "./eventaddress.js";
import { clock, date } from "./times.js";
import { t, tn } from "./translate.js";

const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 64;
const LEAST = 4; // of a bar that has an event
const KEYS = { ArrowLeft: -1, ArrowRight: 1, PageUp: -7, PageDown: 7 };
let found = null;
let picked = null; // the bar that is read

/** Draw what /api/event-timeline answered, at the unit's time `now`. */
export function timeline(answer, now) {
  if (found && (found.step !== answer.step || found.steps[0]?.since !== answer.steps[0]?.since)) picked = null;
  found = answer;
  const strip = byId("timeline-strip");
  strip.setAttribute("aria-valuemax", Math.max(0, found.steps.length - 1));
  const drawn = document.createElementNS(SVG, "svg");
  for (const [name, value] of [["width", "100%"], ["height", HEIGHT], ["aria-hidden", "true"]]) drawn.setAttribute(name, value);
  drawn.append(...found.steps.flatMap(bar));
  strip.replaceChildren(drawn);
  say("timeline-first", label(0));
  say("timeline-last", label(found.steps.length - 1));
  show("timeline-out", Boolean(address().since || address().until));
  byId("timeline-later").disabled = !found.steps.length || new Date(found.steps.at(-1).until) >= now;
  read();
}

function bar(one, number) {
  const most = Math.max(1, ...found.steps.map((step) => step.events));
  const width = 100 / found.steps.length;
  const height = one.events ? LEAST + (HEIGHT - LEAST) * (one.events / most) : 1;
  const rect = document.createElementNS(SVG, "rect");
  const sides = { x: `${number * width}%`, y: HEIGHT - height, width: `${width * 0.82}%`, height };
  for (const [name, value] of Object.entries(sides)) rect.setAttribute(name, value);
  rect.setAttribute("class", isChosen(one) ? "chosen" : "bar-of-events");
  return [rect];
}

/** Whether the list shows this step: all of them are, where no time is chosen. */
function isChosen({ since, until }) {
  const given = address();
  const starts = given.since ? (isDate(given.since) ? dateOf(since) >= given.since : new Date(since) >= new Date(given.since)) : true;
  const ends = given.until ? (isDate(given.until) ? dateOf(until, -1) < given.until : new Date(until) <= new Date(given.until)) : true;
  return starts && ends;
}

function isDate(text) {
  return /^\d{4}-\d{2}-\d{2}$/.test(text);
}

function label(number) {
  const one = found.steps[number];
  if (!one) return "";
  const moment = new Date(one.since);
  return found.step === "hour" ? clock(moment) : date(moment);
}

/** The words below the strip: the bar that is read, else what the strip shows. */
function read() {
  const one = found.steps[picked];
  const strip = byId("timeline-strip");
  const text = one
    ? tn("{when}: {count} event", "{when}: {count} events", one.events, { when: whenOf(one) })
    : found.step === "hour" ? t("Hours of {day}", { day: date(new Date(found.steps[0]?.since)) }) : t("Events a day");
  strip.setAttribute("aria-valuenow", picked ?? Math.max(0, found.steps.length - 1));
  strip.setAttribute("aria-valuetext", text);
  say("timeline-says", text);
  [...strip.querySelectorAll("rect")].forEach((rect, number) => rect.classList.toggle("read", number === picked));
}

function whenOf({ since, until }) {
  const moment = new Date(since);
  return found.step === "hour" ? `${date(moment)} ${clock(moment)}–${clock(new Date(until))}` : date(moment);
}

/** List the events of one bar; of an hour that is listed already, those of its day again. */
function jump(number) {
  const one = found.steps[number];
  if (!one) return;
  picked = number;
  const day = dateOf(one.since);
  const isAlready = address().since === one.since && address().until === one.until;
  if (found.step === "hour" && !isAlready) choose({ since: one.since, until: one.until });
  else choose({ since: day, until: dayAfter(day) });
}

/** As many days earlier (-1) or later (1) as the strip shows. */
function shift(way) {
  const days = found.step === "hour" ? 1 : found.steps.length;
  const first = dateOf(found.steps[0].since);
  const since = dayAfter(first, way * days);
  choose({ since, until: dayAfter(since, days) });
}

function out() {
  const { since, until } = address();
  const isHour = found.step === "hour" && since && !isDate(since) && until && new Date(until) - new Date(since) < 7200e3;
  const day = isHour ? dateOf(since) : "";
  choose({ since: day, until: day && dayAfter(day) });
}

const strip = byId("timeline-strip");
strip.addEventListener("click", (event) => {
  const { left, width } = strip.getBoundingClientRect();
  jump(Math.min(found.steps.length - 1, Math.floor(((event.clientX - left) / width) * found.steps.length)));
});
strip.addEventListener("keydown", (event) => {
  if (!found?.steps.length) return;
  const last = found.steps.length - 1;
  if (event.key in KEYS) picked = Math.max(0, Math.min(last, (picked ?? last + 1) + KEYS[event.key]));
  else if (event.key === "Home" || event.key === "End") picked = event.key === "Home" ? 0 : last;
  else if (event.key === "Escape") picked = null;
  else if ((event.key === "Enter" || event.key === " ") && picked !== null) jump(picked);
  else return;
  event.preventDefault();
  read();
});
byId("timeline-earlier").addEventListener("click", () => shift(-1));
byId("timeline-later").addEventListener("click", () => shift(1));
byId("timeline-out").addEventListener("click", out);
