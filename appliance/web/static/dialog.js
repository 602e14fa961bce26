// One event, large, with everything that says where it comes from.

import { byId, facts, make, say } from "./dom.js";
import { capital, count, joules, sentence, share, word } from "./words.js";
import { full, span } from "./times.js";

export function openEvent(event) {
  say("event-title", `${capital(event.label)}, ${event.camera}`);
  say("event-why", sentence(event.reason));
  facts(byId("event-facts"), rows(event));
  byId("event-picture").replaceChildren(...picture(event));
  byId("event").showModal();
}

function rows(event) {
  const seen = (new Date(event.last_seen) - new Date(event.at)) / 1000;
  return [
    ["First seen", full(new Date(event.at))],
    ["Seen for", `${span(seen)}, ${count(event.frames, "frame", "frames")}`],
    ["Confidence", `${share(event.confidence)} (at least ${share(event.threshold)} is needed)`],
    ["Rule", event.rule || "none: any object of the listed labels is reported"],
    ["Noticed by", event.woken_by || "the tracker: an object was being followed already"],
    ["Not analysed", count(event.drops, "frame", "frames")],
    ["Inference energy", joules(event.energy_j, event.energy_measured)],
    ["Energy level", word(event.energy_level)],
    ["Detector", `${word(event.tier)}, on ${event.provider}`],
    ["Model", event.model_digest],
    ["Event", event.event_id],
  ];
}

function picture(event) {
  if (!event.snapshot) return [make("p", { class: "no-picture" }, "No picture was kept of this.")];
  const image = make("img", { src: `/${event.snapshot}`, alt: `${event.label}, ${event.camera}` });
  const [left, top, right, bottom] = event.box;
  const box = make("span", { class: "box", "aria-hidden": "true" });
  Object.assign(box.style, {
    left: `${left * 100}%`, top: `${top * 100}%`,
    width: `${(right - left) * 100}%`, height: `${(bottom - top) * 100}%`,
  });
  image.addEventListener("error", () => {
    box.remove();
    image.replaceWith(make("p", { class: "no-picture" }, "The picture has been deleted since: snapshots are kept for a limited time."));
  });
  return [image, box];
}
