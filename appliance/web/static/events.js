// What was found: a card for each event, newest first; asked for again only when there is a new one.

import { byId, make, say, show } from "./dom.js";
import { openEvent } from "./dialog.js";
import { ask } from "./link.js";
import { capital, count, joules, share, word } from "./words.js";
import { date, when } from "./times.js";

const PAGE = 6;
const MOST = 200;
let shownFor = null;
let list = [];

export function events(status, now) {
  say("events-say", says(status.events, now));
  const newest = status.events.newest;
  const key = newest ? `${newest.event_id} ${newest.last_seen} ${date(now)}` : "none";
  if (key === shownFor) return;
  shownFor = key;
  refresh(now);
}

function says({ last_24_h: number, newest }, now) {
  if (!newest) return "No events yet.";
  const last = `the newest ${when(new Date(newest.at), now)}`;
  return number ? `${count(number, "event", "events")} in the last 24 hours, ${last}.` : `No events in the last 24 hours; ${last}.`;
}

async function refresh(now) {
  const limit = Math.min(MOST, Math.max(PAGE, list.length));
  await take(`/api/events?limit=${limit}`, [], limit, now);
}

async function older(now) {
  const before = encodeURIComponent(list[list.length - 1].at);
  await take(`/api/events?limit=${PAGE}&before=${before}`, list, PAGE, now);
}

async function take(path, before, limit, now) {
  try {
    const found = await ask(path);
    list = [...before, ...found];
    draw(now, found.length === limit);
  } catch {
    shownFor = null; // asked again with the next status; the page already says that the link is lost
  }
}

function draw(now, more) {
  byId("events").replaceChildren(...list.map((event) => make("li", {}, card(event, now))));
  show("events-more", more);
  byId("events-more").onclick = () => older(now);
}

function card(event, now) {
  const button = make("button", { type: "button", class: "event" },
    thumbnail(event),
    make("span", { class: "event-what" },
      make("strong", {}, capital(event.label)),
      make("span", { class: "digits" }, share(event.confidence))),
    make("span", { class: "event-when digits" }, `${when(new Date(event.at), now)}, ${event.camera}`),
    make("span", { class: "event-cost" }, `${joules(event.energy_j, event.energy_measured)}, at ${word(event.energy_level)}`));
  button.addEventListener("click", () => openEvent(event));
  return button;
}

/** The snapshot, or words where none was kept. */
export function thumbnail(event) {
  const none = () => make("span", { class: "none-kept" }, "no picture kept");
  if (!event.snapshot) return make("span", { class: "thumb" }, none());
  const image = make("img", { src: `/${event.snapshot}`, alt: "", loading: "lazy" });
  image.addEventListener("error", () => image.replaceWith(none()));
  return make("span", { class: "thumb" }, image);
}
