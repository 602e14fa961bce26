// The headline: the level, what it means and why it is so.

import { byId, say, show } from "./dom.js";
import { power, sentence, UNKNOWN, word } from "./words.js";
import { lastKnown } from "./times.js";
import { t } from "./translate.js";

const DOES = {
  full: t("Everything runs: camera pictures are analysed at the full rate."),
  eco: t("Camera pictures are analysed at a low rate, to save energy."),
  sentinel: t("Cameras only detect movement; nothing is analysed until there is more energy."),
  hibernate: t("Cameras and inference are off until there is enough sun."),
  off: t("The computer shuts down, to protect the battery."),
};
const STALE = t("There is no fresh energy budget, so no camera and no inference may run.");

export function headline(status, now) {
  const energy = status.energy;
  const fresh = Boolean(energy && energy.fresh);
  const level = fresh ? word(energy.level) : "unknown";
  byId("headline").dataset.level = level;
  say("level", fresh ? level : UNKNOWN);
  say("level-does", fresh ? DOES[level] || "" : STALE);
  say("level-reason", fresh ? sentence(energy.reason) : stale(energy, now));
  show("level-free", fresh && energy.sun_is_free);
  say("level-until", fresh ? t("Power budget {power}.", { power: power(energy.power_w) }) : "");
  for (const step of document.querySelectorAll(".ladder li")) {
    if (step.dataset.level === level) step.setAttribute("aria-current", "true");
    else step.removeAttribute("aria-current");
  }
}

function stale(energy, now) {
  if (!energy) return t("The power service has not decided anything yet.");
  return `${t("The power service is silent.")} ${lastKnown(energy.at, now)}`;
}
