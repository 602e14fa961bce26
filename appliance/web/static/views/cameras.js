// The cameras: each with all that is known of it, its picture on demand, and orders.

import { CameraCard } from "../cameracard.js";
import { refreshCoverage } from "../cameracoverage.js";
import { together } from "../cameramode.js";
import { makeOrders } from "../cameraorders.js";
import { byId, say, show } from "../dom.js";
import { start } from "../shell.js";

const cards = new Map();
const timelapses = new Set((byId("cameras").dataset.timelapses || "").split(" ").filter(Boolean));

function cameras(status, now) {
  for (const camera of status.cameras) {
    if (!cards.has(camera.camera)) {
      const made = new CameraCard(camera.camera, timelapses.has(camera.camera));
      cards.set(camera.camera, made);
      byId("cameras").append(made.card);
    }
    cards.get(camera.camera).update(camera, status, now);
  }
  say("cameras-cost", together(status.cameras));
  show("cameras-none", status.cameras.length === 0);
  refreshCoverage(cards);
}

byId("all-cameras").append(...makeOrders("all"));
start({ panels: [cameras] });
