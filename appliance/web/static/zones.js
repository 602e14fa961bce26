// The editor of one camera's zones, lines and masks: what is drawn, what of it is new, and what is
// sent as changes of the settings. Nothing is stored here; the settings' own way does that.

import { byId, show } from "./dom.js";
import { draw, redrawShape } from "./zonedraw.js";

const MASKS = { privacy: "privacy_masks", motion: "motion_masks" };
const SQUARE = [[0.3, 0.3], [0.7, 0.3], [0.7, 0.7], [0.3, 0.7]];
const LINE = [[0.25, 0.5], [0.75, 0.5]];
const MOST_UNDONE = 50;

let camera = "";
let found = null; // as the unit has it
let shapes = []; // {kind, name, was, points, values, gone}
let chosen = -1;
let corner = -1;
let past = []; // of `shapes`, for "undo"
let told = () => {};

/** Begin with what the unit has; `tell` is called after each change. */
export function begin(name, document_, tell) {
  camera = name;
  found = document_;
  told = tell;
  shapes = list(found);
  past = [];
  chosen = Math.min(chosen, shapes.length - 1);
  redraw();
}

function list(all) {
  const named = (kind, entries) => entries.map(({ name, values }) => ({ kind, name, was: name, values: { ...values }, points: pointsOf(kind, values), gone: false }));
  const masks = (kind, polygons) => polygons.map((points, number) => ({ kind, name: `${kind} ${number + 1}`, was: null, values: {}, points: structuredClone(points), gone: false }));
  return [...named("zone", all.zones), ...named("line", all.lines), ...masks("privacy", all.privacy_masks), ...masks("motion", all.motion_masks)];
}

function pointsOf(kind, values) {
  return structuredClone(kind === "line" ? [values.start, values.end] : values.polygon);
}

export const state = () => ({ camera, found, shapes, chosen, corner, canUndo: past.length > 0 });

// --- acts ----------------------------------------------------------------------------------------

function remember() {
  past.push(JSON.stringify(shapes));
  if (past.length > MOST_UNDONE) past.shift();
}

export function undo() {
  if (past.length) shapes = JSON.parse(past.pop());
  chosen = Math.min(chosen, shapes.length - 1);
  corner = -1;
  redraw();
}

export function choose(number) {
  chosen = number;
  corner = -1;
  redraw();
}

/** A new shape in the middle, to be pulled into its place. */
export function add(kind) {
  remember();
  const taken = new Set(shapes.filter((one) => one.kind === kind).map((one) => one.name));
  let number = 1;
  const title = (n) => (MASKS[kind] ? `${kind} ${n}` : `${kind}-${n}`);
  while (taken.has(title(number))) number += 1;
  const keys = kind === "zone" ? found.zone_keys : kind === "line" ? found.line_keys : [];
  const values = Object.fromEntries(keys.map((key) => [key.name, key.default]));
  shapes.push({ kind, name: title(number), was: null, values, points: structuredClone(kind === "line" ? LINE : SQUARE), gone: false });
  chosen = shapes.length - 1;
  corner = -1;
  redraw();
}

/** A name or a value of the chosen shape. */
export function set(change) {
  remember();
  Object.assign(shapes[chosen], change);
  redraw();
}

export function setValue(key, value) {
  set({ values: { ...shapes[chosen].values, [key]: value } });
}

export function toggleGone() {
  remember();
  const shape = shapes[chosen];
  if (shape.was === null && !MASKS[shape.kind]) shapes.splice(chosen, 1);
  else shape.gone = !shape.gone;
  chosen = Math.min(chosen, shapes.length - 1);
  redraw();
}

export function insertCorner(after, point = null) {
  const { points, kind } = shapes[chosen];
  if (kind === "line" || points.length >= found.most_corners) return;
  remember();
  const next = points[(after + 1) % points.length];
  points.splice(after + 1, 0, point || points[after].map((one, axis) => (one + next[axis]) / 2));
  corner = after + 1;
  redraw();
}

export function removeCorner(number) {
  const { points, kind } = shapes[chosen];
  if (kind === "line" || points.length <= 3) return;
  remember();
  points.splice(number, 1);
  corner = Math.min(number, points.length - 1);
  redraw();
}

let moving = false;
const act = {
  choose,
  insert: insertCorner,
  remove: removeCorner,
  pick(number) {
    corner = number;
    redraw();
  },
  move(number, point) {
    if (!moving) remember();
    moving = true;
    corner = number;
    shapes[chosen].points[number] = point;
    redrawShape(shapes, chosen);
  },
  end() {
    moving = false;
    redraw();
  },
};

export function redraw() {
  const shown = shapes.map((shape) => ({ ...shape, direction: shape.values.direction }));
  draw(shown, chosen, corner, act);
  show("handles", chosen >= 0);
  byId("undo").disabled = !past.length;
  told();
}

// --- what is sent --------------------------------------------------------------------------------

/** The changes of the settings: {dotted name: value}, and nothing that is as it was. */
export function listChanges() {
  const changes = {};
  for (const shape of shapes.filter((one) => !MASKS[one.kind])) Object.assign(changes, changesOf(shape));
  for (const [kind, key] of Object.entries(MASKS)) {
    const now = shapes.filter((one) => one.kind === kind && !one.gone).map((one) => one.points);
    if (!same(now, found[key])) changes[`camera.${camera}.${key}`] = now.length ? now : null;
  }
  return changes;
}

function changesOf(shape) {
  const family = `camera.${camera}.${shape.kind}`;
  const place = `${family}.${shape.name}`;
  const values = whole(shape);
  if (shape.gone) return shape.was === null ? {} : { [`${family}.${shape.was}`]: null };
  if (shape.was === null) return { [place]: values };
  if (shape.was !== shape.name) return { [`${family}.${shape.was}`]: null, [place]: values };
  const before = (shape.kind === "zone" ? found.zones : found.lines).find((one) => one.name === shape.was).values;
  const keys = shape.kind === "zone" ? found.zone_keys : found.line_keys;
  const now = withPoints(shape);
  return Object.fromEntries(keys.filter((key) => !same(now[key.name], before[key.name])).map((key) => [`${place}.${key.name}`, now[key.name]]));
}

function withPoints(shape) {
  const points = shape.kind === "line" ? { start: shape.points[0], end: shape.points[1] } : { polygon: shape.points };
  return { ...shape.values, ...points };
}

/** A whole section: the points, and what differs from its default. */
function whole(shape) {
  const keys = shape.kind === "zone" ? found.zone_keys : found.line_keys;
  const drawn = ["polygon", "start", "end"];
  return Object.fromEntries(Object.entries(withPoints(shape)).filter(([name, value]) =>
    drawn.includes(name) || (value !== null && !same(value, keys.find((key) => key.name === name).default))));
}

function same(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** Choose the shape that a refused key is about. */
export function chooseKey(key) {
  const parts = (key || "").split(".");
  const number = shapes.findIndex((one) => one.kind === parts[2] && one.name === parts[3]);
  if (number >= 0) choose(number);
}
