// The last analysed picture of one camera, on demand: one request for each touch, or each ten seconds
// while somebody looks at it. Nothing is decoded for it: it is there, or the unit says why not.

import { make, say, show } from "./dom.js";
import { language, t } from "./translate.js";
import { clockSeconds, span } from "./times.js";
import { drawPicture } from "./picture.js";
import { sentence, share } from "./words.js";

const EVERY_MS = 10_000;
const TIMEOUT_MS = 6000;
const SILENT_MS = 20_000;

export class Still {
  constructor(name) {
    this.name = name;
    this.at = null; // when the picture was taken, by the unit's clock
    this.arrived = 0;
    this.asking = false;
    this.inView = false;
    this.now = null;
    this.canvas = make("canvas", { role: "img", "aria-label": t("Picture") });
    this.why = make("p", { class: "no-picture" }, t("Touch \u201cPicture\u201d to see the last one."));
    this.age = make("p", { class: "digits still-age" });
    this.button = make("button", { type: "button", class: "tool", "aria-label": t("Picture of {name}", { name }) }, t("Picture"));
    this.again = make("input", { type: "checkbox" });
    this.frame = make("div", { class: "still" },
      make("div", { class: "picture" }, this.canvas, this.why), this.age,
      make("div", { class: "still-tools" }, this.button, make("label", { class: "check" }, this.again, t("again every 10 s"))));
    show(this.canvas, false);
    this.button.addEventListener("click", () => this.pull());
    this.again.addEventListener("change", () => { this.begin(); });
    new IntersectionObserver(([entry]) => { this.inView = entry.isIntersecting; this.begin(); }).observe(this.frame);
  }

  /** Time begins anew: out of view none was asked for. */
  begin() {
    this.arrived = performance.now();
    if (this.isWatched()) this.pull();
  }

  isWatched() {
    return this.again.checked && this.inView && document.visibilityState === "visible";
  }

  /** Called each second: the age ticks, and it is time for another one. */
  update(now, speed) {
    this.now = now;
    if (this.isWatched() && performance.now() - (this.askedAt ?? -Infinity) >= EVERY_MS) this.pull();
    if (!this.at) return;
    say(this.age, t("{time}, {age} ago", { time: clockSeconds(this.at), age: span(Math.max(0, now - this.at) / 1000) }));
    const silent = performance.now() - this.arrived;
    const isSilent = this.isWatched() && silent > SILENT_MS;
    this.canvas.classList.toggle("old", isSilent || (now - this.at) / 1000 > 60 * speed);
    show(this.why, isSilent);
    if (isSilent) say(this.why, t("No picture for {span}.", { span: span(silent / 1000) }));
  }

  async pull() {
    if (this.asking) return;
    this.asking = true;
    this.askedAt = performance.now();
    try {
      const address = `/camera/${encodeURIComponent(this.name)}.jpg`;
      const answer = await fetch(address, { headers: { "Accept-Language": language, Accept: "application/json" }, signal: AbortSignal.timeout(TIMEOUT_MS) });
      if (answer.ok) await this.draw(answer);
      else this.explain(sentence((await answer.json()).reason));
    } catch {
      if (!this.at) this.explain(t("The picture did not arrive.")); // else the last one's age tells
    } finally {
      this.asking = false;
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
    const words = seen.map(([label, confidence]) => `${label} ${share(confidence)}`).join(", ") || t("nothing detected");
    this.canvas.setAttribute("aria-label", t("Picture from {name} at {time}: {words}", { name: this.name, time: clockSeconds(at), words }));
    if (!this.at || at > this.at) this.arrived = performance.now();
    this.at = at;
    if (this.now) this.update(this.now, 1);
  }

  explain(reason) {
    if (this.at) { // an old picture with its age is more than none
      say(this.age, reason);
      return;
    }
    show(this.canvas, false);
    show(this.why, true);
    say(this.why, reason);
  }
}
