// One event, large, with everything that says where it comes from. Its address is #event=ID, so that
// it can be sent to somebody; arrows lead to the next newer and older one of the chosen filters.

import { frameOf, placeOf } from "./box.js";
import { byId, facts, make, say, show } from "./dom.js";
import { chosen, linkTo } from "./events.js";
import { ask } from "./link.js";
import { capital, count, joules, processor, sentence, share, word } from "./words.js";
import { full, span } from "./times.js";

const LINK = /^#event=(.+)$/;
const dialog = byId("event");
const STREAMS = { main: "the main stream", sub: "the sub stream: the main one had none" };

/** Show what the page's address names; called when it changes, and once the site's zone is known. */
export async function followAddress() {
  const id = wanted();
  if (!id) {
    dialog.close();
    return;
  }
  try {
    const found = await ask(`/api/events/${encodeURIComponent(id)}?${chosen()}`);
    if (id === wanted()) draw(found);
  } catch (error) {
    if (id === wanted()) refuse(error);
  }
}

function wanted() {
  const found = location.hash.match(LINK);
  if (!found) return null;
  try {
    return decodeURIComponent(found[1]);
  } catch {
    return null;
  }
}

function draw({ event, newer, older }) {
  say("event-title", `${capital(event.label)}, ${event.camera}`);
  say("event-why", sentence(event.reason));
  facts(byId("event-facts"), rows(event));
  byId("event-picture").replaceChildren(...picture(event));
  byId("event").classList.remove("nothing");
  leadTo("event-newer", newer && linkTo(newer));
  leadTo("event-older", older && linkTo(older));
  leadTo("event-download", event.snapshot && `/${event.snapshot}`, `${event.event_id}.jpg`);
  leadTo("event-data", `/api/events/${encodeURIComponent(event.event_id)}`, `${event.event_id}.json`);
  open();
}

function refuse(error) {
  say("event-title", "Event");
  say("event-why", error.status === 404 ? "This event is not stored on the unit, or no longer." : error.message);
  facts(byId("event-facts"), []);
  byId("event-picture").replaceChildren();
  byId("event").classList.add("nothing");
  for (const id of ["event-newer", "event-older", "event-download", "event-data"]) leadTo(id, null);
  open();
}

function open() {
  if (!dialog.open) dialog.showModal();
}

/** Where a link leads; without an address it keeps its place and cannot be followed. */
function leadTo(id, address, name = null) {
  const link = byId(id);
  show(link, Boolean(address) || !name);
  if (address) link.setAttribute("href", address);
  else link.removeAttribute("href");
  link.setAttribute("aria-disabled", String(!address));
  if (name) link.setAttribute("download", name);
}

function rows(event) {
  const seen = (new Date(event.last_seen) - new Date(event.at)) / 1000;
  return [
    ["First seen", full(new Date(event.at))],
    ["Seen for", `${span(seen)}, ${count(event.frames, "frame", "frames")}`],
    ["Where", capital(placeOf(event.box))],
    ["Confidence", `${share(event.confidence)} (at least ${share(event.threshold)} is needed)`],
    ...(event.sub_label ? [["Second look", `${event.sub_label}, ${share(event.sub_confidence)}`]] : []),
    ["Rule", event.rule || "none: any object of the listed labels is reported"],
    ...(event.stream ? [["Picture from", STREAMS[event.stream] || event.stream]] : []),
    ["Noticed by", event.woken_by || "the tracker: an object was being followed already"],
    ["Not analysed", count(event.drops, "frame", "frames")],
    ["Inference energy", joules(event.energy_j, event.energy_measured)],
    ["Energy level", word(event.energy_level)],
    ["Detector", `${word(event.tier)}, on ${processor(event.provider)}`],
    ["Model", event.model_digest],
    ["Event", event.event_id],
  ];
}

function picture(event) {
  if (!event.snapshot) return [make("p", { class: "no-picture" }, "No picture was kept of this.")];
  const where = `${capital(event.label)} ${placeOf(event.box)}`;
  const image = make("img", { src: `/${event.snapshot}`, alt: `${where}, ${event.camera}` });
  image.addEventListener("error", () => {
    show("event-download", false);
    image.replaceWith(make("p", { class: "no-picture" }, "The picture has been deleted since: snapshots are kept for a limited time."));
  });
  return [make("span", { class: "framed" }, image, frameOf(image, event.box, "meet"))];
}

function step(event) {
  const id = { ArrowLeft: "event-newer", ArrowRight: "event-older" }[event.key];
  if (id && byId(id).hasAttribute("href")) byId(id).click();
}

window.addEventListener("hashchange", followAddress);
dialog.addEventListener("keydown", step);
dialog.addEventListener("close", () => {
  if (wanted()) history.pushState(null, "", location.pathname);
});
