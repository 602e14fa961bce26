// The cameras, in short: what each does and what that costs in an hour; all else is in their view.
// The sign of a mode is a row of bars, as many as it spends: it needs no colour.

import { byId, make, say, show } from "./dom.js";
import { modeOf, makeBars, fillBars, doing, together, hourSays } from "./cameramode.js";
import { sentence } from "./words.js";

const rows = new Map();

export function cameras(status, now) {
  show("camera-card", status.cameras.length > 0);
  for (const camera of status.cameras) {
    if (!rows.has(camera.camera)) rows.set(camera.camera, new Row(camera.camera));
    rows.get(camera.camera).update(camera, now);
  }
  say("cameras-cost", together(status.cameras));
}

class Row {
  constructor(name) {
    this.bars = makeBars();
    this.mode = make("span", { class: "camera-mode" });
    this.cost = make("span", { class: "camera-cost digits" });
    this.held = make("p", { class: "quiet" });
    this.row = make("li", { class: "camera" }, this.bars,
      make("p", { class: "camera-head" }, make("strong", {}, name), this.cost),
      make("p", { class: "camera-head" }, this.mode), this.held);
    byId("cameras").append(this.row);
  }

  update(camera, now) {
    this.row.classList.toggle("silent", !modeOf(camera));
    fillBars(this.bars, camera);
    say(this.mode, doing(camera, now));
    say(this.cost, hourSays(camera));
    say(this.held, camera.holds.map((one) => sentence(one.text)).join(" "));
  }
}
