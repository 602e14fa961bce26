// Draws the map: countries, their names, then the units, those that need somebody on top.

import { DRAWN, SHAPES } from "./states.js";

const NAME_FONT = '600 12px system-ui, "Noto Sans", "DejaVu Sans", sans-serif';
const NAME_ROOM = 1.3; // of the country's width
const BOX = 16; // of a shape
let colours = null;

/** The theme's colours; asked again after it has changed. */
function colour(name) {
  colours ??= new Map();
  if (!colours.has(name)) {
    colours.set(name, getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim());
  }
  return colours.get(name);
}

export function forgetColours() {
  colours = null;
  sprites.clear();
}

export function drawMap(context, view, countries, points) {
  const ratio = context.canvas.width / view.width;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.fillStyle = colour("water");
  context.fillRect(0, 0, context.canvas.width, context.canvas.height);
  const [left, top, right, bottom] = view.bounds();
  const seen = countries.filter(({ bounds }) => bounds[0] < right && bounds[2] > left && bounds[1] < bottom && bounds[3] > top);
  drawCountries(context, view, ratio, seen);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  drawNames(context, view, seen);
  drawPoints(context, view, ratio, points);
}

function drawCountries(context, view, ratio, countries) {
  const scale = view.scale * ratio;
  context.setTransform(scale, 0, 0, scale, view.screenX(0) * ratio, view.screenY(0) * ratio);
  context.fillStyle = colour("land");
  context.strokeStyle = colour("border");
  context.lineJoin = "round";
  context.lineWidth = 1 / view.scale;
  for (const { path } of countries) context.fill(path, "evenodd");
  for (const { path } of countries) context.stroke(path);
}

function drawNames(context, view, countries) {
  context.font = NAME_FONT;
  context.textAlign = "center";
  context.fillStyle = colour("map-name");
  for (const { name, label } of countries) {
    if (!label) continue;
    const room = (label.bounds[2] - label.bounds[0]) * view.scale;
    if (room > NAME_ROOM * context.measureText(name).width) {
      context.fillText(name, view.screenX(label.x), view.screenY(label.y));
    }
  }
}

const MANY = 2000;

/** How large a unit is drawn, px: larger when one looks closer, smaller among many. */
export function sizeAt(scale, units) {
  const closer = 1.1 * Math.log2(scale / 512);
  return Math.max(units > MANY ? 6 : 8, Math.min(18, (units > MANY ? 3 : 5) + closer));
}

const sprites = new Map();

function sprite(state, size, ratio) {
  const key = `${state} ${size} ${ratio}`;
  if (!sprites.has(key)) sprites.set(key, paint(state, Math.ceil((size + 2) * ratio), size * ratio));
  return sprites.get(key);
}

function paint(state, edge, size) {
  const image = new OffscreenCanvas(edge, edge);
  const context = image.getContext("2d");
  const { d, hollow } = SHAPES[state];
  const path = new Path2D(d);
  const scale = size / BOX;
  context.setTransform(scale, 0, 0, scale, (edge - size) / 2, (edge - size) / 2);
  context.lineJoin = "round";
  context.strokeStyle = colour("card");
  context.lineWidth = hollow ? 5 : 2.4;
  context.stroke(path);
  context.lineWidth = 2.6;
  context.fillStyle = context.strokeStyle = colour(`state-${state}`);
  if (hollow) context.stroke(path);
  else context.fill(path);
  return image;
}

/** Units on the map. */
export function countPoints(points) {
  return [...points.values()].reduce((sum, some) => sum + some.length, 0);
}

function drawPoints(context, view, ratio, points) {
  const size = Math.round(sizeAt(view.scale, countPoints(points)));
  const [left, top, right, bottom] = view.bounds();
  const margin = size / view.scale;
  for (const state of DRAWN) {
    const image = sprite(state, size, ratio);
    const edge = image.width / ratio;
    for (const { x, y } of points.get(state) || []) {
      if (x < left - margin || x > right + margin || y < top - margin || y > bottom + margin) continue;
      context.drawImage(image, view.screenX(x) - edge / 2, view.screenY(y) - edge / 2, edge, edge);
    }
  }
}
