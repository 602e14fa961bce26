// The last changes of the settings, the way back to each with one tap, and the one that waits.

import { byId, make, say, show } from "./dom.js";
import { ask } from "./link.js";
import { answerWaiting } from "./settingschange.js";
import { full } from "./times.js";
import { t } from "./translate.js";
import { sentence } from "./words.js";

const WORDS = {
  waiting: () => t("waits for its confirmation"),
  confirmed: () => t("confirmed"),
  "taken-back": () => t("taken back"),
  overtaken: () => t("changed by hand since"),
};
let left = null; // seconds until the one that waits is taken back, and when that was told

/** Ask for the list, and draw it. `goBack(number)` is called by its buttons. */
export async function drawHistory(goBack) {
  const { entries } = await ask("/api/settings/history");
  show("past-none", !entries.length);
  byId("past").replaceChildren(...entries.map((entry) => row(entry, goBack)));
  waiting(entries.find((entry) => entry.confirmation === "waiting"));
}

function row(entry, goBack) {
  const word = WORDS[entry.confirmation];
  const button = make("button", { type: "button", class: "tool" }, t("Back to before this"));
  button.addEventListener("click", () => goBack(entry.number));
  return make("li", {},
    make("div", {},
      make("p", {}, make("strong", {}, `${entry.number} · ${entry.keys.join(", ") || t("comments only")}`)),
      make("p", { class: "quiet" }, `${full(new Date(entry.at))}, ${entry.who}${word ? `, ${word()}` : ""}`),
      make("p", { class: "quiet" }, entry.why ? sentence(entry.why) : "")),
    button);
}

function waiting(entry) {
  show("waiting", Boolean(entry));
  left = entry ? { entry, s: entry.left_s, at: performance.now() } : null;
  tellLeft();
}

/** Called each second. */
export function tellLeft() {
  if (!left) return;
  const s = Math.max(0, Math.round(left.s - (performance.now() - left.at) / 1000));
  say("waiting-says", t("Change {number} of {keys}: it is taken back in {s} s unless you keep it.", {
    number: left.entry.number, keys: left.entry.keys.join(", "), s,
  }));
}

/** The two buttons; `after(error)` is called when the unit has answered. */
export function followWaiting(after) {
  const on = (id, action) => byId(id).addEventListener("click", async () => {
    if (!left) return;
    const buttons = [byId("waiting-keep"), byId("waiting-back")];
    for (const one of buttons) one.disabled = true;
    try {
      const result = await answerWaiting(action, left.entry.number);
      await after(result.ok ? null : new Error(result.reason));
    } catch (error) {
      await after(error);
    } finally {
      for (const one of buttons) one.disabled = false;
    }
  });
  on("waiting-keep", "confirm");
  on("waiting-back", "take-back");
}
