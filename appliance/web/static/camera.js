// The cameras: the last picture that inference looked at, with what it saw; or why there is none.
// Pulls a picture a second, only while its panel is in view and inference works.

import { byId, make, say, show } from "./dom.js";
import { count, known, power, sentence, share, UNKNOWN, word } from "./words.js";
import { clockSeconds, lastKnown, span } from "./times.js";
import { drawPicture } from "./picture.js";

const EVERY_MS = 1000;
const OLD_S = 10;
const panels = new Map();

export function cameras(status, now) {
  const i = status.inference;
  say("inference-does", inferenceSays(i, now));
  say("inference-note", i && i.fresh ? howItLooks(i) : "");
  for (const camera of status.cameras) {
    if (!panels.has(camera.camera)) panels.set(camera.camera, new Panel(camera.camera));
    panels.get(camera.camera).update(camera, status, now);
  }
  if (!status.cameras.length) say("cameras", "There is no camera in the settings.");
}

function inferenceSays(i, now) {
  if (!i) return "Inference has not reported yet.";
  return i.fresh ? sentence(i.reason) : `Inference is not running. ${lastKnown(i.at, now)}`;
}

function howItLooks(i) {
  if (!(i.frames_per_s > 0)) return "";
  const rate = `${Number(i.frames_per_s.toFixed(2))} frames a second`;
  const by = i.provider ? `, on ${i.provider.replace("ExecutionProvider", "")}` : "";
  return `${rate}, detector ${word(i.tier)}${by}.`;
}

function works(camera, i) {
  const looks = i && i.fresh && i.frames_per_s > 0 && word(i.tier) !== "none";
  return Boolean(looks && camera.fresh && word(camera.mode) !== "off");
}

class Panel {
  constructor(name) {
    this.name = name;
    this.wanted = false;
    this.inView = false;
    this.timer = null;
    this.canvas = make("canvas", { role: "img", "aria-label": `Picture from ${name}` });
    this.behind = make("img", { class: "behind", alt: "" });
    this.why = make("p", { class: "no-picture" });
    this.frame = make("div", { class: "picture" }, this.behind, this.canvas, this.why);
    this.caption = make("span", { class: "digits" });
    this.does = make("p", { class: "camera-does" });
    this.figure = make("figure", {}, this.frame,
      make("figcaption", {}, make("strong", {}, name), this.caption), this.does);
    byId("cameras").append(this.figure);
    show(this.canvas, false);
    new IntersectionObserver(([entry]) => this.seen(entry.isIntersecting)).observe(this.frame);
  }

  update(camera, status, now) {
    this.now = now;
    this.speed = status.unit.speed;
    this.wanted = works(camera, status.inference);
    say(this.does, cameraSays(camera, now));
    this.showBehind(status.events.newest);
    if (!this.wanted) this.explain(noPicture(camera, status.inference));
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
      const answer = await fetch(`/camera/${encodeURIComponent(this.name)}.jpg`);
      if (answer.ok) await this.draw(answer);
      else this.explain(sentence((await answer.json()).reason));
    } catch {
      this.explain("The picture did not arrive.");
    }
  }

  async draw(answer) {
    const seen = JSON.parse(answer.headers.get("X-Detections") || "[]");
    const at = new Date(answer.headers.get("X-Picture-At"));
    const bitmap = await createImageBitmap(await answer.blob());
    show(this.why, false);
    show(this.canvas, true);
    drawPicture(this.canvas, bitmap, seen);
    bitmap.close();
    const words = seenWords(seen);
    this.canvas.setAttribute("aria-label", `Picture from ${this.name} at ${clockSeconds(at)}: ${words}`);
    const age = (this.now - at) / 1000;
    const old = age > OLD_S * this.speed ? `, ${span(age)} ago` : "";
    say(this.caption, `${clockSeconds(at)}${old} · ${words}`);
  }

  explain(reason) {
    show(this.canvas, false);
    show(this.why, true);
    say(this.why, reason);
    say(this.caption, "no picture now");
  }

  showBehind(event) {
    const path = event && event.snapshot && event.camera === this.name ? `/${event.snapshot}` : null;
    show(this.behind, Boolean(path));
    if (path && this.behind.getAttribute("src") !== path) this.behind.setAttribute("src", path);
  }
}

function seenWords(seen) {
  if (!seen.length) return "nothing seen";
  const best = seen.map(([label, confidence]) => `${label} ${share(confidence)}`);
  return seen.length < 3 ? best.join(", ") : count(seen.length, "thing", "things");
}

function noPicture(camera, inference) {
  if (inference && inference.fresh && !(inference.frames_per_s > 0)) return `No picture. ${sentence(inference.reason)}`;
  if (!inference || !inference.fresh) return "No picture: inference is not running, so nobody looks.";
  return `No picture. ${sentence(camera.reason)}`;
}

function cameraSays(camera, now) {
  if (!camera.fresh) return `The camera's service is silent. ${lastKnown(camera.at, now)}`;
  const draw = known(camera.power_w) ? power(camera.power_w) : UNKNOWN;
  return `Mode ${word(camera.mode)}, ${draw}. ${sentence(camera.reason)}`;
}
