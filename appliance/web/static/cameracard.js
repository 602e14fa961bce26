// One camera in the view of the cameras: what it does and costs and why, what comes from it, what moved
// last, when it was not watched; its picture on demand; and what a technician orders of it.

import { CoverageList } from "./cameracoverage.js";
import { makeOrders } from "./cameraorders.js";
import { doing, fillBars, hourSays, makeBars, modeOf, costOf } from "./cameramode.js";
import { make, say } from "./dom.js";
import { Still } from "./still.js";
import { lastKnown, when } from "./times.js";
import { makeTimelapse } from "./timelapse.js";
import { t, tn } from "./translate.js";
import { known, sentence, word } from "./words.js";

const LIKE = 4; // ": ", the level, and two letters more: by these its reason is known again

export class CameraCard {
  /** `hasTimelapse`: pictures of one are wanted of this camera. */
  constructor(name, hasTimelapse) {
    this.bars = makeBars();
    this.mode = make("span", { class: "camera-mode" });
    this.cost = make("span", { class: "camera-cost digits" });
    this.origin = make("span", { class: "camera-origin" });
    this.lines = Object.fromEntries(["why", "stream", "advice", "motion"].map((one) => [one, make("p", { class: one === "why" ? "camera-why" : "quiet" })]));
    this.holds = make("ul", { class: "holds" });
    this.still = new Still(name);
    this.coverage = new CoverageList();
    const title = make("h3", { id: `camera-${name}` }, name);
    this.card = make("li", { class: "camera camera-large", "aria-labelledby": `camera-${name}` }, this.bars,
      make("div", { class: "camera-head" }, title, this.cost),
      make("p", { class: "camera-head" }, this.mode, this.origin),
      this.lines.why, this.holds, ...makeOrders(name), this.still.frame,
      this.lines.stream, this.lines.advice, this.lines.motion, this.coverage.element,
      ...(hasTimelapse ? [makeTimelapse(name)] : []),
      make("p", {}, make("a", { class: "tool", href: `/cameras/${encodeURIComponent(name)}/zones` }, t("Zones, lines and masks"))));
  }

  update(camera, status, now) {
    this.card.classList.toggle("silent", !modeOf(camera));
    fillBars(this.bars, camera);
    say(this.mode, doing(camera, now));
    say(this.cost, hourSays(camera));
    say(this.origin, costOf(camera) === null ? "" : camera.per_hour.measured ? t("measured") : t("modelled"));
    say(this.lines.why, camera.fresh ? sentence(inShort(camera.reason, status.energy)) : silence(camera, now));
    say(this.lines.stream, camera.fresh ? comes(camera) : "");
    say(this.lines.advice, camera.fresh && camera.advice ? sentence(camera.advice) : "");
    say(this.lines.motion, sawLast(camera, now));
    this.fillHolds(camera.holds.map((one) => sentence(one.text)));
    this.still.update(now, status.unit.speed);
  }

  /** What people took from it, by whom and until when. */
  fillHolds(texts) {
    const text = JSON.stringify(texts);
    if (this.holds.dataset.shown === text) return;
    this.holds.dataset.shown = text;
    this.holds.replaceChildren(...texts.map((one) => make("li", {}, one)));
  }
}

/** The reason, without the level's own: that stands on the overview, and each minute anew. */
function inShort(reason, energy) {
  const told = energy ? `: ${energy.reason}`.slice(0, energy.level.length + LIKE) : null;
  const at = told ? reason.indexOf(told) : -1;
  return at < 0 ? reason : reason.slice(0, at + 2 + energy.level.length);
}

function silence(camera, now) {
  if (!camera.at) return t("Its service has not reported yet.");
  return t("Its service is silent, so nothing is known of it now. {last}", { last: lastKnown(camera.at, now) });
}

function comes(camera) {
  if (word(camera.mode) === "off") return t("Not connected.");
  if (!camera.stream) return t("No video received.");
  const keys = known(camera.key_frame_s) ? t(", a key frame every {seconds} s", { seconds: Number(camera.key_frame_s.toPrecision(3)) }) : "";
  const damaged = (camera.frames_corrupt ?? 0) + (camera.decode_errors ?? 0);
  const broken = damaged ? tn(", {count} picture damaged", ", {count} pictures damaged", damaged) : "";
  return `${camera.stream}${keys}${broken}`.replaceAll(/(\d) (kbit|Mbit|s\b)/g, "$1\u00a0$2");
}

/** The later of the last motion and the last event: a motion is stored only when it ends. */
function sawLast({ last_motion: motion, last_event: event }, now) {
  if (event && (!motion || event.at > motion.at)) return t("Last event {when}: {label}.", { when: when(new Date(event.at), now), label: event.label });
  if (!motion) return t("No motion and no event stored yet.");
  const values = { when: when(new Date(motion.at), now), by: motion.woken_by };
  return motion.looked ? t("Last motion {when} (detected by {by}), analysed.", values) : t("Last motion {when} (detected by {by}), not analysed.", values);
}
