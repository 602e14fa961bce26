// The cameras: what each does, what that costs in an hour, why, what comes, and what moved last.
// The sign of a mode is a row of bars, as many as it spends: it needs no colour.

import { byId, make, say, show } from "./dom.js";
import { ask } from "./link.js";
import { costAnHour, count, known, sentence, UNKNOWN, word } from "./words.js";
import { lastKnown, when } from "./times.js";

const MODES = {
  off: { bars: 0, does: "off" },
  listen: { bars: 1, does: "mode listen" },
  probe: { bars: 2, does: "mode probe" },
  watch: { bars: 3, does: "mode watch" },
  active: { bars: 4, does: "mode active" },
};
const MOST_BARS = 4;
const LIKE = 4; // ": ", the level, and two letters more: by these its reason is known again
const AGAIN_MS = 600_000; // between questions for what was not watched today
const SEEN = ["watched", "listened"];
const rows = new Map();
const days = new Map();
let askedAt = -Infinity;

export function cameras(status, now) {
  show("camera-card", status.cameras.length > 0);
  for (const camera of status.cameras) {
    if (!rows.has(camera.camera)) rows.set(camera.camera, new Row(camera.camera));
    rows.get(camera.camera).update(camera, status.energy, now);
  }
  say("cameras-cost", together(status.cameras));
  if (status.cameras.length && performance.now() - askedAt > AGAIN_MS) refresh();
}

async function refresh() {
  askedAt = performance.now();
  try {
    for (const day of (await ask("/api/cameras/coverage")).days) days.set(day.camera, day);
  } catch {
    askedAt = -Infinity; // the page already says that the link is lost
  }
}

class Row {
  constructor(name) {
    this.bars = Array.from({ length: MOST_BARS }, () => make("i"));
    this.mode = make("span", { class: "camera-mode" });
    this.cost = make("span", { class: "camera-cost digits" });
    this.origin = make("span", { class: "camera-origin" });
    this.why = make("p", { class: "camera-why" });
    this.held = make("p", { class: "camera-why" });
    this.advice = make("p", { class: "camera-why" });
    this.stream = make("p", { class: "quiet" });
    this.motion = make("p", { class: "quiet" });
    this.watched = make("p", { class: "quiet" });
    this.row = make("li", { class: "camera" },
      make("span", { class: "bars", "aria-hidden": "true" }, ...this.bars),
      make("p", { class: "camera-head" }, make("strong", {}, name), this.cost),
      make("p", { class: "camera-head" }, this.mode, this.origin),
      this.why, this.held, this.stream, this.advice, this.motion, this.watched);
    byId("cameras").append(this.row);
  }

  update(camera, energy, now) {
    const mode = camera.fresh ? MODES[word(camera.mode)] : null;
    this.row.classList.toggle("silent", !mode);
    this.bars.forEach((bar, number) => bar.classList.toggle("on", Boolean(mode) && number < mode.bars));
    say(this.mode, mode ? doing(camera, mode, now) : camera.at ? "silent" : "never reported");
    const hour = camera.fresh ? camera.per_hour : { wh: null };
    say(this.cost, known(hour.wh) ? costAnHour(hour.wh) : `energy ${UNKNOWN}`);
    say(this.origin, known(hour.wh) ? (hour.measured ? "measured" : "modelled") : "");
    say(this.why, camera.fresh ? sentence(inShort(camera.reason, energy)) : silence(camera, now));
    say(this.held, held(camera));
    say(this.advice, camera.fresh && camera.advice ? sentence(camera.advice) : "");
    say(this.stream, camera.fresh ? comes(camera) : "");
    say(this.motion, sawLast(camera, now));
    say(this.watched, coverage(days.get(camera.camera)));
  }
}

function doing(camera, mode, now) {
  return camera.since ? `${mode.does} since ${when(new Date(camera.since), now)}` : mode.does;
}

/** The reason, without the level's own: that stands at the top of the page, and each minute anew. */
function inShort(reason, energy) {
  const told = energy ? `: ${energy.reason}`.slice(0, energy.level.length + LIKE) : null;
  const at = told ? reason.indexOf(told) : -1;
  return at < 0 ? reason : reason.slice(0, at + 2 + energy.level.length);
}

/** What people took from it, where its reason does not say so already. */
function held(camera) {
  const more = camera.holds.map((one) => one.text).filter((text) => !camera.fresh || text !== camera.reason);
  return more.map(sentence).join(" ");
}

function silence(camera, now) {
  if (!camera.at) return "Its service has not reported yet.";
  return `Its service is silent, so nothing is known of it now. ${lastKnown(camera.at, now)}`;
}

function comes(camera) {
  if (word(camera.mode) === "off") return "Not connected.";
  if (!camera.stream) return "No video received.";
  const keys = known(camera.key_frame_s) ? `, a key frame every ${Number(camera.key_frame_s.toPrecision(3))} s` : "";
  const damaged = (camera.frames_corrupt ?? 0) + (camera.decode_errors ?? 0);
  const broken = damaged ? `, ${count(damaged, "picture", "pictures")} damaged` : "";
  return `${camera.stream}${keys}${broken}`.replaceAll(/(\d) (kbit|Mbit|s\b)/g, "$1\u00a0$2");
}

/** The later of the last motion and the last event: a motion is stored only when it ends. */
function sawLast({ last_motion: motion, last_event: event }, now) {
  if (event && (!motion || event.at > motion.at)) return `Last event ${when(new Date(event.at), now)}: ${event.label}.`;
  if (!motion) return "No motion and no event stored yet.";
  return `Last motion ${when(new Date(motion.at), now)} (detected by ${motion.woken_by}), ${motion.looked ? "analysed" : "not analysed"}.`;
}

/** How long it was watched today, how long it was not, and why. */
function coverage(day) {
  if (!day) return "";
  const part = ([why, hours]) => `${why}\u00a0${hours.toFixed(1)}\u00a0h`;
  const missing = Object.entries(day.hours).filter(([why, hours]) => !SEEN.includes(why) && hours >= 0.05);
  const seen = SEEN.filter((why) => day.hours[why] >= 0.05).map((why) => part([why, day.hours[why]]));
  const gone = missing.length ? `not watched ${day.not_watched_h.toFixed(1)}\u00a0h: ${missing.map(part).join(", ")}` : "";
  const text = [...seen, gone].filter(Boolean).join(", ");
  return text ? sentence(`today ${text}`) : "";
}

function together(list) {
  const prices = list.filter((camera) => camera.fresh && known(camera.per_hour.wh)).map((camera) => camera.per_hour.wh);
  if (!prices.length) return "Their energy use is not known.";
  const sum = `Together ${costAnHour(prices.reduce((one, other) => one + other, 0))}`;
  const missing = list.length - prices.length;
  return missing ? `${sum}, without ${count(missing, "camera", "cameras")} of unknown energy use.` : `${sum}.`;
}
