// The last picture that inference analysed, of any camera; or why there is none.
// Requests a picture a second, only while it is in view and inference works.

import { byId, make, say, show } from "./dom.js";
import { processor, sentence, share, word } from "./words.js";
import { clockSeconds, lastKnown, span } from "./times.js";
import { thumbnailOf } from "./eventcard.js";
import { drawPicture } from "./picture.js";
import { t, tn } from "./translate.js";

const EVERY_MS = 1000;
const TIMEOUT_MS = 6000;
const SILENT_MS = 20000;
const OLD_S = 10;
const GIVES_PICTURES = ["watch", "active"];
let panel = null;

export function sight(status, now) {
  const i = status.inference;
  say("inference-does", inferenceSays(i, now));
  say("inference-note", i && i.fresh ? howItLooks(i) : "");
  if (!panel) panel = new Panel();
  panel.update(status, now);
}

function inferenceSays(i, now) {
  if (!i) return t("Inference has not reported yet.");
  return i.fresh ? sentence(i.reason) : `${t("Inference is not running.")} ${lastKnown(i.at, now)}`;
}

function howItLooks(i) {
  if (!(i.frames_per_s > 0)) return "";
  const rate = tn("{count} frame a second", "{count} frames a second", Number(i.frames_per_s.toFixed(2)));
  const by = i.provider ? t(", on {processor}", { processor: processor(i.provider) }) : "";
  return t("{rate}, detector {tier}{by}.", { rate, tier: word(i.tier), by });
}

function looks(i) {
  return Boolean(i && i.fresh && i.frames_per_s > 0 && word(i.tier) !== "none");
}

class Panel {
  constructor() {
    this.wanted = false;
    this.inView = false;
    this.timer = null;
    this.at = null;
    this.arrived = 0;
    this.canvas = make("canvas", { role: "img", "aria-label": t("Picture") });
    this.behind = make("img", { class: "behind", alt: "" });
    this.why = make("p", { class: "no-picture" });
    this.frame = make("div", { class: "picture" }, this.behind, this.canvas, this.why);
    this.name = make("strong", { id: "picture-camera" });
    this.time = make("span", { class: "digits" });
    this.seenWords = make("span", { class: "seen-words digits" });
    byId("sight-picture").append(this.frame,
      make("figcaption", {}, this.name, this.time, this.seenWords));
    show(this.canvas, false);
    show(this.behind, false);
    document.addEventListener("visibilitychange", () => { this.arrived = performance.now(); });
    new IntersectionObserver(([entry]) => this.seen(entry.isIntersecting)).observe(this.frame);
  }

  update(status, now) {
    this.now = now;
    this.speed = status.unit.speed;
    const given = status.cameras.some((camera) => camera.fresh && GIVES_PICTURES.includes(word(camera.mode)));
    this.wanted = given && looks(status.inference);
    this.showBehind(status.events.newest);
    if (!this.wanted) this.explain(noPicture(status));
    else if (this.at) this.age();
    this.schedule(0);
  }

  seen(inView) {
    if (inView && !this.inView) this.arrived = performance.now(); // out of view none was asked for
    this.inView = inView;
    this.schedule(0);
  }

  schedule(delay) {
    if (this.timer !== null || !this.wanted || !this.inView) return;
    this.timer = setTimeout(() => this.turn(), delay);
  }

  async turn() {
    if (document.visibilityState === "visible" && this.wanted) await this.pull();
    this.timer = null;
    if (document.visibilityState === "visible") this.schedule(EVERY_MS);
  }

  async pull() {
    try {
      const answer = await fetch("/picture.jpg", { signal: AbortSignal.timeout(TIMEOUT_MS) });
      if (answer.ok) await this.draw(answer);
      else this.explain(sentence((await answer.json()).reason));
    } catch {
      if (!this.at) this.explain(t("The picture did not arrive.")); // else the last one's age tells
    }
  }

  async draw(answer) {
    const name = answer.headers.get("X-Camera");
    const seen = JSON.parse(answer.headers.get("X-Detections") || "[]");
    const at = new Date(answer.headers.get("X-Picture-At"));
    const bitmap = await createImageBitmap(await answer.blob());
    show(this.why, false);
    show(this.canvas, true);
    drawPicture(this.canvas, bitmap, seen);
    bitmap.close();
    const words = seenWords(seen);
    this.canvas.setAttribute("aria-label", t("Picture from {name} at {time}: {words}", { name, time: clockSeconds(at), words }));
    say(this.name, name);
    say(this.seenWords, words);
    this.at = at;
    this.arrived = performance.now();
    this.age();
  }

  /** The picture's age, which ticks; and words over it once no other one has come for long. */
  age() {
    const age = (this.now - this.at) / 1000;
    say(this.time, age > OLD_S * this.speed ? t("{time}, {age} ago", { time: clockSeconds(this.at), age: span(age) }) : clockSeconds(this.at));
    const silent = performance.now() - this.arrived;
    const isSilent = this.inView && silent > SILENT_MS;
    this.canvas.classList.toggle("old", isSilent);
    show(this.why, isSilent);
    if (isSilent) say(this.why, t("No picture for {span}.", { span: span(silent / 1000) }));
  }

  explain(reason) {
    this.at = null;
    show(this.canvas, false);
    show(this.why, true);
    say(this.why, reason);
    say(this.name, t("no picture now"));
    say(this.time, "");
    say(this.seenWords, "");
  }

  showBehind(event) {
    const path = event && event.snapshot ? thumbnailOf(event) : null;
    show(this.behind, Boolean(path));
    if (path && this.behind.getAttribute("src") !== path) this.behind.setAttribute("src", path);
  }
}

function seenWords(seen) {
  if (!seen.length) return t("nothing detected");
  const best = seen.map(([label, confidence]) => `${label} ${share(confidence)}`);
  return seen.length < 3 ? best.join(", ") : tn("{count} object", "{count} objects", seen.length);
}

function noPicture({ cameras, inference }) {
  if (!cameras.length) return t("No picture: there is no camera in the settings.");
  if (inference && inference.fresh && !(inference.frames_per_s > 0)) return `${t("No picture.")} ${sentence(inference.reason)}`;
  if (!inference || !inference.fresh) return t("No picture: inference is not running.");
  if (cameras.length === 1) return `${t("No picture.")} ${sentence(cameras[0].reason)}`;
  return t("No picture: no camera delivers pictures now.");
}
