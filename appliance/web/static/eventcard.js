// One event as a card: its small picture, what it is, when, where, and what it cost.

import { frameOf, placeOf } from "./box.js";
import { make, say } from "./dom.js";
import { when } from "./times.js";
import { t } from "./translate.js";
import { capital, joules, share, word } from "./words.js";

/** The address of one event; `filters` are those of the list that it is opened from. */
export function linkTo(id, filters = "") {
  return `/events/${encodeURIComponent(id)}${String(filters) ? `?${filters}` : ""}`;
}

/** A card, without its time: that is written by `tellTime`, and again as days pass. */
export function card(event, filters = "") {
  return make("a", { class: "event", href: linkTo(event.event_id, filters) },
    thumbnail(event),
    make("span", { class: "event-what" },
      make("strong", {}, capital(event.label)),
      make("span", { class: "digits" }, share(event.confidence))),
    make("span", { class: "event-when digits" }),
    make("span", { class: "event-cost" }, t("{joules}, at {level}", { joules: joules(event.energy_j, event.energy_measured), level: word(event.energy_level) })));
}

export function tellTime(item, event, now) {
  say(item.querySelector(".event-when"), `${when(new Date(event.at), now)}, ${event.camera}`);
}

/** The small picture, or words where none was kept. */
function thumbnail(event) {
  const none = () => make("span", { class: "none-kept" }, t("no picture kept"));
  if (!event.snapshot) return make("span", { class: "thumb" }, none());
  const image = make("img", { src: thumbnailOf(event), alt: `${capital(event.label)} ${placeOf(event.box)}`, loading: "lazy", width: 240, height: 150 });
  image.addEventListener("error", () => image.replaceWith(none()));
  return make("span", { class: "thumb" }, image, frameOf(image, event.box, "slice"));
}

export function thumbnailOf(event) {
  return `/${event.snapshot.replace(/^snapshots\//, "thumbnails/")}`;
}

/**
 * Lay `events` out as the items of a list, in their order: an item that stays keeps its place, its
 * focus and its picture. `items`: by id; `makeItem` makes a new one.
 */
export function layOut(place, items, events, makeItem) {
  const ids = new Set(events.map((event) => event.event_id));
  for (const [id, item] of items) {
    if (ids.has(id)) continue;
    item.remove();
    items.delete(id);
  }
  let next = place.firstElementChild;
  for (const event of events) {
    if (!items.has(event.event_id)) items.set(event.event_id, makeItem(event));
    const item = items.get(event.event_id);
    if (item === next) next = next.nextElementSibling;
    else place.insertBefore(item, next);
  }
}
