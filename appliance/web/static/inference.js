// The last picture that inference analysed, of any camera; or why there is none.
// Requests a picture a second, only while it is in view and inference works.

import { byId, make, say, show } from "./dom.js";
import { count, sentence, share, word } from "./words.js";
import { clockSeconds, lastKnown, span } from "./times.js";
import { thumbnailOf } from "./events.js";
import { drawPicture } from "./picture.js";

const EVERY_MS = 1000;
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
  if (!i) return "Inference has not reported yet.";
  return i.fresh ? sentence(i.reason) : `Inference is not running. ${lastKnown(i.at, now)}`;
}

function howItLooks(i) {
  if (!(i.frames_per_s > 0)) return "";
  const rate = `${count(Number(i.frames_per_s.toFixed(2)), "frame", "frames")} a second`;
  const by = i.provider ? `, on ${i.provider.replace("ExecutionProvider", "")}` : "";
  return `${rate}, detector ${word(i.tier)}${by}.`;
}

function looks(i) {
  return Boolean(i && i.fresh && i.frames_per_s > 0 && word(i.tier) !== "none");
}

class Panel {
  constructor() {
    this.wanted = false;
    this.inView = false;
    this.timer = null;
    this.canvas = make("canvas", { role: "img", "aria-label": "Picture" });
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
    new IntersectionObserver(([entry]) => this.seen(entry.isIntersecting)).observe(this.frame);
  }

  update(status, now) {
    this.now = now;
    this.speed = status.unit.speed;
    const given = status.cameras.some((camera) => camera.fresh && GIVES_PICTURES.includes(word(camera.mode)));
    this.wanted = given && looks(status.inference);
    this.showBehind(status.events.newest);
    if (!this.wanted) this.explain(noPicture(status));
    this.schedule(0);
  }

  seen(inView) {
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
      const answer = await fetch("/picture.jpg");
      if (answer.ok) await this.draw(answer);
      else this.explain(sentence((await answer.json()).reason));
    } catch {
      this.explain("The picture did not arrive.");
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
    this.canvas.setAttribute("aria-label", `Picture from ${name} at ${clockSeconds(at)}: ${words}`);
    const age = (this.now - at) / 1000;
    const old = age > OLD_S * this.speed ? `, ${span(age)} ago` : "";
    say(this.name, name);
    say(this.time, `${clockSeconds(at)}${old}`);
    say(this.seenWords, words);
  }

  explain(reason) {
    show(this.canvas, false);
    show(this.why, true);
    say(this.why, reason);
    say(this.name, "no picture now");
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
  if (!seen.length) return "nothing detected";
  const best = seen.map(([label, confidence]) => `${label} ${share(confidence)}`);
  return seen.length < 3 ? best.join(", ") : count(seen.length, "object", "objects");
}

function noPicture({ cameras, inference }) {
  if (!cameras.length) return "No picture: there is no camera in the settings.";
  if (inference && inference.fresh && !(inference.frames_per_s > 0)) return `No picture. ${sentence(inference.reason)}`;
  if (!inference || !inference.fresh) return "No picture: inference is not running.";
  if (cameras.length === 1) return `No picture. ${sentence(cameras[0].reason)}`;
  return "No picture: no camera delivers pictures now.";
}
