// The headline: the level, what it means, why it is so, and until when.

import { byId, say, show } from "./dom.js";
import { power, sentence, word } from "./words.js";
import { lastKnown, span, when } from "./times.js";

const DOES = {
  full: "Everything runs: cameras are watched at the full rate.",
  eco: "Cameras are watched at a low rate, to spare the battery.",
  sentinel: "Cameras listen; nothing is analysed until there is more energy.",
  hibernate: "Cameras and analysis are off; the unit waits for the sun.",
  off: "The computer shuts down cleanly, to protect the battery.",
};
const STALE = "There is no fresh energy budget, so nothing that costs energy may run.";

export function headline(status, now) {
  const energy = status.energy;
  const fresh = Boolean(energy && energy.fresh);
  const level = fresh ? word(energy.level) : "unknown";
  byId("headline").dataset.level = level;
  say("level", level);
  say("level-does", fresh ? DOES[level] || "" : STALE);
  say("level-reason", fresh ? sentence(energy.reason) : stale(energy, now));
  show("level-free", fresh && energy.sun_is_free);
  say("level-until", fresh ? until(energy, now) : "");
  for (const step of document.querySelectorAll(".ladder li")) {
    if (step.dataset.level === level) step.setAttribute("aria-current", "true");
    else step.removeAttribute("aria-current");
  }
}

function until(energy, now) {
  const end = new Date(energy.until);
  const left = (end - now) / 1000;
  const holds = left > 0 ? `Holds until ${when(end, now)}, for ${span(left)}` : "Is being decided again";
  return `${holds}. Up to ${power(energy.power_w)} may be used.`;
}

function stale(energy, now) {
  if (!energy) return "The power service has not decided anything yet.";
  return `The power service is silent. ${lastKnown(energy.at, now)}`;
}
