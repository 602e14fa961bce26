// The states of a unit: a word, a shape and a colour (--state-WORD in fleet.css) for each. No colour
// stands alone: the shape says the same.

import { make } from "./dom.js";

/** In a box of 16 by 16; hollow ones are drawn as lines. */
export const SHAPES = {
  fine: { d: "M8 3.2a4.8 4.8 0 1 0 0 9.6a4.8 4.8 0 1 0 0-9.6z" },
  asleep: { d: "M8 3.6a4.4 4.4 0 1 0 0 8.8a4.4 4.4 0 1 0 0-8.8z", hollow: true },
  updating: { d: "M8 1.6L14.4 8L8 14.4L1.6 8z" },
  fault: { d: "M8 1.6L15 14H1z" },
  silent: { d: "M2.8 2.8h10.4v10.4H2.8z" },
  never: { d: "M3.6 3.6h8.8v8.8H3.6z", hollow: true },
  doubted: { d: "M8 .8l2.1 4.9l5.3.5l-4 3.5l1.2 5.2L8 12.1l-4.6 2.8l1.2-5.2l-4-3.5l5.3-.5z" },
  revoked: { d: "M3.2 3.2l9.6 9.6M12.8 3.2l-9.6 9.6", hollow: true },
};

export const MEANINGS = {
  fine: "It reported within 36 hours, and nothing stands against it.",
  asleep: "It said when it will be back. It is not lost.",
  updating: "An update is under way.",
  fault: "It has an open fault.",
  silent: "It should have reported by now.",
  never: "It entered the fleet, and has not reported yet.",
  doubted: "Two boxes seem to have its identity, or it was put back from a backup.",
  revoked: "It was taken out of the fleet.",
};

/** As the overview lists them: what needs somebody comes first. */
export const ORDER = ["fault", "silent", "doubted", "updating", "asleep", "fine", "never", "revoked"];

/** As the map draws them: what needs somebody lies on top. */
export const DRAWN = ["revoked", "fine", "asleep", "never", "updating", "doubted", "silent", "fault"];

const SVG = "http://www.w3.org/2000/svg";

export function shape(state) {
  const { d, hollow } = SHAPES[state];
  const svg = document.createElementNS(SVG, "svg");
  for (const [name, value] of [["viewBox", "0 0 16 16"], ["aria-hidden", "true"], ["class", `shape is-${state}${hollow ? " hollow" : ""}`]]) svg.setAttribute(name, value);
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", d);
  svg.append(path);
  return svg;
}

export function stateWord(state) {
  return make("span", { class: "state-word" }, shape(state), state);
}
