// What a camera does and costs, in words and as bars: as many as it spends.

import { make } from "./dom.js";
import { when } from "./times.js";
import { t, tn } from "./translate.js";
import { costAnHour, known, word } from "./words.js";

const BARS = { off: 0, listen: 1, probe: 2, watch: 3, active: 4 };
const MOST_BARS = 4;

/** Its mode; null where it is not known now. */
export function modeOf(camera) {
  const mode = word(camera.mode);
  return camera.fresh && mode in BARS ? mode : null;
}

export function makeBars() {
  return make("span", { class: "bars", "aria-hidden": "true" }, ...Array.from({ length: MOST_BARS }, () => make("i")));
}

export function fillBars(bars, camera) {
  const mode = modeOf(camera);
  [...bars.children].forEach((bar, number) => bar.classList.toggle("on", mode !== null && number < BARS[mode]));
}

export function doing(camera, now) {
  const mode = modeOf(camera);
  if (mode === null) return camera.at ? t("silent") : t("never reported");
  const does = mode === "off" ? t("off") : t("mode {mode}", { mode });
  return camera.since ? t("{does} since {when}", { does, when: when(new Date(camera.since), now) }) : does;
}

/** What it costs in an hour, and nothing where that is not known. */
export function costOf(camera) {
  return camera.fresh && known(camera.per_hour.wh) ? camera.per_hour.wh : null;
}

export function hourSays(camera) {
  const wh = costOf(camera);
  return wh === null ? t("energy unknown") : costAnHour(wh);
}

export function together(list) {
  const prices = list.map(costOf).filter((wh) => wh !== null);
  if (!prices.length) return t("Their energy use is not known.");
  const sum = costAnHour(prices.reduce((one, other) => one + other, 0));
  const missing = list.length - prices.length;
  if (!missing) return t("Together {sum}.", { sum });
  return tn("Together {sum}, without {count} camera of unknown energy use.", "Together {sum}, without {count} cameras of unknown energy use.", missing, { sum });
}
