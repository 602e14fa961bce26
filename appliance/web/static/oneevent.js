// One event: its picture large, its film where one is kept, what it cost, why it was looked at, and where
// that comes from. Arrow keys lead to the next newer and older one of the list that it was opened from.

import { frameOf, placeOf } from "./box.js";
import { byId, facts, make, say, show } from "./dom.js";
import { eraseAfterAsking } from "./erasing.js";
import { filters } from "./eventaddress.js";
import { linkTo } from "./eventcard.js";
import { ask } from "./link.js";
import { full, span } from "./times.js";
import { t, tn } from "./translate.js";
import { capital, joules, processor, sentence, share, word } from "./words.js";

const AGAIN_MS = 30_000; // it may be erased while somebody looks
const AFTER_FAILURE_MS = 5000;
const ID = decodeURIComponent(location.pathname.slice("/events/".length));
const LINKS = ["event-newer", "event-older", "event-picture-file", "event-clip-file", "event-data"];
let askedAt = -Infinity;
let drawn = null;

export function event() {
  if (performance.now() - askedAt > AGAIN_MS) refresh();
}

async function refresh() {
  askedAt = performance.now();
  const words = filters();
  try {
    draw(await ask(`/api/events/${encodeURIComponent(ID)}?${words}`), words);
  } catch (error) {
    if (error.status === 404 || error.status === 400) refuse(error.status === 404 ? goneSays() : error.message);
    else askedAt += AFTER_FAILURE_MS - AGAIN_MS; // asked again soon; the page already says what is wrong
  }
}

function goneSays() {
  if (drawn) return t("This event was erased while you looked at it.");
  return t("This event is not stored on the unit, or no longer.");
}

function draw({ event: found, newer, older }, words) {
  leadTo("event-newer", newer && linkTo(newer, words));
  leadTo("event-older", older && linkTo(older, words));
  const text = JSON.stringify(found);
  if (text === drawn) return; // a film that is watched goes on
  drawn = text;
  const title = `${capital(found.label)}, ${found.camera}`;
  say("event-title", title);
  document.title = `${title} · ${byId("unit-name").textContent}`;
  say("event-why", sentence(found.reason));
  facts(byId("event-facts"), rows(found));
  byId("event-picture").replaceChildren(...picture(found));
  byId("event-clip").replaceChildren(...clip(found));
  show("event-clip", Boolean(found.clip));
  leadTo("event-picture-file", found.snapshot && `/${found.snapshot}`, `${found.event_id}.jpg`);
  leadTo("event-clip-file", found.clip && clipOf(found), `${found.event_id}.mp4`);
  leadTo("event-data", `/api/events/${encodeURIComponent(found.event_id)}`, `${found.event_id}.json`);
  show("event-erase", true);
}

/** Nothing of it stays on the screen. */
function refuse(text) {
  drawn = null;
  say("event-title", t("Event"));
  say("event-why", text);
  facts(byId("event-facts"), []);
  for (const id of ["event-picture", "event-clip"]) byId(id).replaceChildren();
  for (const id of LINKS) leadTo(id, null, "");
  for (const id of ["event-clip", "event-erase"]) show(id, false);
  byId("event").classList.add("nothing");
}

/** Where a link leads; without an address it keeps its place and cannot be followed. A file has a name. */
function leadTo(id, address, name = null) {
  const link = byId(id);
  show(link, Boolean(address) || name === null);
  if (address) link.setAttribute("href", address);
  else link.removeAttribute("href");
  link.setAttribute("aria-disabled", String(!address));
  if (name) link.setAttribute("download", name);
}

function rows(found) {
  const seen = (new Date(found.last_seen) - new Date(found.at)) / 1000;
  const streams = { main: t("the main stream"), sub: t("the sub stream: the main one had none") };
  return [
    [t("First seen"), full(new Date(found.at))],
    [t("Seen for"), tn("{span}, {count} frame", "{span}, {count} frames", found.frames, { span: span(seen) })],
    [t("Where"), capital(placeOf(found.box))],
    [t("Confidence"), t("{share} (at least {least} is needed)", { share: share(found.confidence), least: share(found.threshold) })],
    ...(found.sub_label ? [[t("Second look"), `${found.sub_label}, ${share(found.sub_confidence)}`]] : []),
    [t("Rule"), found.rule || t("none: any object of the listed labels is reported")],
    ...(found.stream ? [[t("Picture from"), streams[found.stream] || found.stream]] : []),
    [t("Noticed by"), found.woken_by || t("the tracker: an object was being followed already")],
    [t("Not analysed"), tn("{count} frame", "{count} frames", found.drops)],
    [t("Inference energy"), joules(found.energy_j, found.energy_measured)],
    [t("Energy level"), word(found.energy_level)],
    [t("Detector"), t("{tier}, on {processor}", { tier: word(found.tier), processor: processor(found.provider) })],
    [t("Model"), found.model_digest],
    [t("Event"), found.event_id],
  ];
}

function picture(found) {
  if (!found.snapshot) return [make("p", { class: "no-picture" }, t("No picture was kept of this."))];
  const where = `${capital(found.label)} ${placeOf(found.box)}`;
  const image = make("img", { src: `/${found.snapshot}`, alt: `${where}, ${found.camera}` });
  image.addEventListener("error", () => {
    show("event-picture-file", false);
    image.replaceWith(make("p", { class: "no-picture" }, t("The picture has been deleted since: snapshots are kept for a limited time.")));
  });
  return [make("span", { class: "framed" }, image, frameOf(image, found.box, "meet"))];
}

function clipOf(found) {
  return `/${found.clip.replace(/^snapshots\//, "clips/")}`;
}

/** The film; a browser asks for the part that is looked at. */
function clip(found) {
  if (!found.clip) return [];
  const film = make("video", { src: clipOf(found), controls: "", preload: "metadata", playsinline: "", "aria-label": t("Film of the event") });
  film.addEventListener("error", () => {
    show("event-clip-file", false);
    film.replaceWith(make("p", { class: "quiet" }, t("The film has been deleted since, or this browser cannot show it.")));
  });
  return [film];
}

function step(press) {
  if (press.target.closest("video, input, dialog")) return;
  const id = { ArrowLeft: "event-newer", ArrowRight: "event-older" }[press.key];
  if (id && byId(id).hasAttribute("href")) byId(id).click();
}

async function erase() {
  try {
    const answer = await eraseAfterAsking(1, { ids: [ID] });
    if (answer) location.assign(byId("event-back").href);
  } catch (error) {
    say("acts-say", error.message);
    refresh();
  }
}

byId("event-back").setAttribute("href", String(filters()) ? `/events?${filters()}` : "/events");
byId("event-erase").addEventListener("click", erase);
window.addEventListener("keydown", step);
window.addEventListener("focus", refresh); // whoever comes back sees what is so now
