// The map: where units are that tell it. The table lists the same units for those who do not see it.

import { byId, make, say, show } from "./dom.js";
import { countPoints, drawMap, forgetColours, sizeAt } from "./mapdraw.js";
import { listenOnMap } from "./mapinput.js";
import { loadOutlines } from "./outlines.js";
import { View, worldX, worldY } from "./projection.js";
import { shape } from "./states.js";
import { unitLink } from "./table.js";
import { count } from "./counts.js";

const MOST_LISTED = 12;
const TOUCH_PX = 6; // round a unit's shape
const canvas = byId("map");
const view = new View();
let countries = [];
let points = new Map();
let shown = null;
let touched = false; // somebody has moved it; until then all units are shown
let drawing = 0;

/** The answer of /api/v1/places. */
export function map(places) {
  if (places === shown) return;
  shown = places;
  points = Map.groupBy ? Map.groupBy(places.map(point), ({ state }) => state) : group(places.map(point));
  const words = `Map with ${count(places.length, "unit", "units")}`;
  canvas.setAttribute("aria-label", `${words}. The table lists the same units.`);
  say("map-none", places.length ? "" : "None of these units tells where it is.");
  if (!touched) everything();
  draw();
}

function point([name, latitude, longitude, state]) {
  return { name, state, x: worldX(longitude), y: worldY(latitude) };
}

function group(all) {
  const found = new Map();
  for (const one of all) found.set(one.state, [...(found.get(one.state) || []), one]);
  return found;
}

function everything() {
  const all = [...points.values()].flat();
  if (!all.length) return;
  const [xs, ys] = [all.map(({ x }) => x), all.map(({ y }) => y)];
  view.fit([least(xs), least(ys), -least(xs.map((x) => -x)), -least(ys.map((y) => -y))]);
  draw();
}

function showAll() {
  everything();
  moved();
  touched = false;
}

function least(values) {
  return values.reduce((one, other) => Math.min(one, other));
}

/** Once for all that changed since the last picture. */
function draw() {
  if (drawing) return;
  drawing = requestAnimationFrame(() => {
    drawing = 0;
    paint();
  });
}

function paint() {
  const began = performance.now();
  drawMap(canvas.getContext("2d", { alpha: false }), view, countries, points);
  canvas.dataset.drawnMs = (performance.now() - began).toFixed(1);
  canvas.dataset.scale = view.scale.toFixed(0);
  canvas.dataset.units = String(countPoints(points));
}

/** Units under this place of the canvas, the nearest first. */
function under(x, y) {
  const reach = sizeAt(view.scale, countPoints(points)) / 2 + TOUCH_PX;
  const found = [];
  for (const some of points.values()) {
    for (const one of some) {
      const away = Math.hypot(view.screenX(one.x) - x, view.screenY(one.y) - y);
      if (away <= reach) found.push({ ...one, away });
    }
  }
  return found.sort((one, other) => one.away - other.away);
}

function clicked(x, y) {
  const found = under(x, y);
  if (found.length === 1) location.hash = `unit=${encodeURIComponent(found[0].name)}`;
  list(found.length > 1 ? found : [], x, y);
}

/** Several units at one place: which of them is meant? */
function list(found, x, y) {
  const place = byId("here");
  place.replaceChildren(...found.slice(0, MOST_LISTED).map((one) =>
    make("li", {}, shape(one.state), unitLink(one.name))));
  const left = found.length - MOST_LISTED;
  if (left > 0) place.append(make("li", { class: "quiet" }, `and ${left} more: look closer`));
  show("here", found.length > 0);
  at(place, x, y);
  place.querySelector("a")?.focus({ preventScroll: true });
}

function hovered(x, y) {
  const found = x < 0 ? [] : under(x, y);
  canvas.classList.toggle("over", found.length > 0);
  const tip = byId("tip");
  show(tip, found.length > 0);
  if (!found.length) return;
  say(tip, found.length === 1 ? `${found[0].name}, ${found[0].state}` : `${found.length} units`);
  at(tip, x, y);
}

/** Beside this place, inside the map. */
function at(element, x, y) {
  element.style.left = `${Math.max(0, Math.min(x + 12, view.width - element.offsetWidth - 4))}px`;
  element.style.top = `${Math.max(0, Math.min(y + 12, view.height - element.offsetHeight - 4))}px`;
}

function moved() {
  touched = true;
  show("here", false);
  show("tip", false);
  draw();
}

function resize() {
  const { clientWidth, clientHeight } = canvas;
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(clientWidth * ratio);
  canvas.height = Math.round(clientHeight * ratio);
  view.resize(clientWidth, clientHeight);
  if (!touched) everything();
  paint(); // at once: it is empty now
}

export function startMap() {
  listenOnMap(canvas, view, { moved, clicked, hovered, everything: showAll });
  new ResizeObserver(resize).observe(canvas);
  window.addEventListener("themechange", () => {
    forgetColours();
    draw();
  });
  byId("here").addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    show("here", false);
    canvas.focus();
  });
  window.addEventListener("hashchange", () => show("here", false));
  resize();
}

/** The land behind the units: after them, since it is the larger part. */
export async function drawLand() {
  try {
    countries = await loadOutlines();
  } catch {
    say("map-none", "The outlines of the countries could not be loaded.");
  }
  draw();
}
