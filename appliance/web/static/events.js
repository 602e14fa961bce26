// What was found: a card for each event, newest first, with filters. The list is asked for again when
// another event was stored; cards stay where they are, so that none loses the focus or its picture.

import { frameOf, placeOf } from "./box.js";
import { byId, make, say, show } from "./dom.js";
import { ask } from "./link.js";
import { capital, count, joules, share, word } from "./words.js";
import { date, when } from "./times.js";

const PAGE = 6;
const MOST = 200;
const FILTERS = { camera: "filter-camera", label: "filter-label", day: "filter-day" };
const cards = new Map();
let shownFor = null;
let asked = 0;
let list = [];
let now = null;

export function events(status, unitNow) {
  now = unitNow;
  say("events-say", says(status.events));
  const { newest, last_row: last } = status.events;
  const key = `${last} ${newest && newest.event_id} ${date(now)}`;
  if (key === shownFor) return;
  shownFor = key;
  refresh();
}

function says({ last_24_h: number, newest }) {
  if (!newest) return "No events yet.";
  const last = `the newest ${when(new Date(newest.at), now)}`;
  return number ? `${count(number, "event", "events")} in the last 24 hours, ${last}.` : `No events in the last 24 hours; ${last}.`;
}

/** The chosen filters as a request has them: camera, label, and the day as since and until. */
export function chosen() {
  const value = Object.fromEntries(Object.entries(FILTERS).map(([name, id]) => [name, byId(id).value]));
  const words = new URLSearchParams();
  if (value.camera) words.set("camera", value.camera);
  if (value.label) words.set("label", value.label);
  if (value.day) {
    words.set("since", value.day);
    words.set("until", dayAfter(value.day));
  }
  return words;
}

function dayAfter(day) {
  const next = new Date(`${day}T00:00:00Z`);
  next.setUTCDate(next.getUTCDate() + 1);
  return next.toISOString().slice(0, 10);
}

/** The newest ones again, as many as are shown: a page left open does not grow. */
async function refresh() {
  fillFilters();
  const limit = Math.min(MOST, Math.max(PAGE, list.length));
  const words = chosen();
  words.set("limit", limit);
  await take(words, (found) => (found.length === limit ? [...found, ...kept(found[limit - 1])] : found));
}

/** What stays of the list behind its newly asked part: up to the card with the focus; all, if long. */
function kept(last) {
  const from = list.findIndex((event) => event.cursor === last.cursor) + 1;
  const focus = list.findIndex((event) => cards.get(event.event_id)?.contains(document.activeElement));
  return from ? list.slice(from, list.length > MOST ? list.length : Math.max(from, focus + 1)) : [];
}

async function older() {
  const words = chosen();
  words.set("limit", PAGE);
  words.set("before", list[list.length - 1].cursor);
  await take(words, (found) => [...list, ...found]);
}

async function take(words, join) {
  const mine = (asked += 1);
  try {
    const found = await ask(`/api/events?${words}`);
    if (mine !== asked) return; // another question came after this one
    list = join(found);
    draw(found.length === Number(words.get("limit")) || list.length > found.length && !words.has("before"));
  } catch {
    shownFor = null; // asked again with the next status; the page already says that the link is lost
  }
}

function draw(more) {
  const place = byId("events");
  const ids = new Set(list.map((event) => event.event_id));
  for (const [id, item] of cards) {
    if (ids.has(id)) continue;
    item.remove();
    cards.delete(id);
  }
  let next = place.firstElementChild;
  for (const event of list) {
    const item = cardOf(event);
    if (item === next) next = next.nextElementSibling;
    else place.insertBefore(item, next);
  }
  show("events-none", list.length === 0);
  show("events-more", more && list.length > 0);
}

function cardOf(event) {
  if (!cards.has(event.event_id)) cards.set(event.event_id, make("li", {}, card(event)));
  const item = cards.get(event.event_id);
  say(item.querySelector(".event-when"), `${when(new Date(event.at), now)}, ${event.camera}`);
  return item;
}

function card(event) {
  return make("a", { class: "event", href: linkTo(event.event_id) },
    thumbnail(event),
    make("span", { class: "event-what" },
      make("strong", {}, capital(event.label)),
      make("span", { class: "digits" }, share(event.confidence))),
    make("span", { class: "event-when digits" }),
    make("span", { class: "event-cost" }, `${joules(event.energy_j, event.energy_measured)}, at ${word(event.energy_level)}`));
}

/** The address of one event on this page. */
export function linkTo(id) {
  return `./#event=${encodeURIComponent(id)}`;
}

/** The small picture, or words where none was kept. */
function thumbnail(event) {
  const none = () => make("span", { class: "none-kept" }, "no picture kept");
  if (!event.snapshot) return make("span", { class: "thumb" }, none());
  const image = make("img", { src: thumbnailOf(event), alt: `${capital(event.label)} ${placeOf(event.box)}`, loading: "lazy", width: 240, height: 150 });
  image.addEventListener("error", () => image.replaceWith(none()));
  return make("span", { class: "thumb" }, image, frameOf(image, event.box, "slice"));
}

export function thumbnailOf(event) {
  return `/${event.snapshot.replace(/^snapshots\//, "thumbnails/")}`;
}

/** The words that events can be filtered by; those of a new event are added. */
async function fillFilters() {
  const found = await ask("/api/event-filters").catch(() => ({}));
  for (const [name, words] of Object.entries(found)) {
    const select = byId(FILTERS[name]);
    const known = new Set([...select.options].map((option) => option.value));
    for (const one of words) if (!known.has(one)) select.append(make("option", { value: one }, one));
  }
}

for (const id of Object.values(FILTERS)) {
  byId(id).addEventListener("change", () => {
    list = [];
    refresh();
  });
}
byId("events-more").addEventListener("click", older);
