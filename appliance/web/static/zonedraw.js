// The shapes on the picture: drawn as SVG, moved by handles that a finger, a mouse and the keys move.
// Points are fractions of the picture. Names are hostile: they are texts, never markup.

import { byId, make } from "./dom.js";
import { t } from "./translate.js";

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 1000;
const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const STEP = 0.01;
const FINE = 0.002;
const DIGITS = 4;
let height = 750;

/** The picture has this shape. */
export function setAspect(ratio) {
  height = Math.round(WIDTH / ratio);
  byId("stage").style.aspectRatio = String(ratio);
  byId("shapes").setAttribute("viewBox", `0 0 ${WIDTH} ${height}`);
}

/** A fraction of the picture, within it, with as many digits as mean something. */
export function clamp(number) {
  return Number(Math.min(1, Math.max(0, number)).toFixed(DIGITS));
}

/**
 * Draw `shapes` ([{kind, name, points, direction, gone}]); `chosen` and `corner` are numbers, -1: none.
 * `act` has choose(shape), pick(corner), move(corner, point), insert(after, point), end().
 */
export function draw(shapes, chosen, corner, act) {
  byId("shapes").replaceChildren(...shapes.flatMap((shape, number) => (shape.gone ? [] : drawShape(shape, number === chosen, () => act.choose(number)))));
  drawHandles(shapes[chosen], corner, act);
}

function element(tag, attributes, text = null) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text !== null) made.textContent = text;
  return made;
}

function drawShape(shape, isChosen, choose) {
  const place = ([x, y]) => `${x * WIDTH},${y * height}`;
  const isLine = shape.kind === "line";
  const drawn = element(isLine ? "polyline" : "polygon", {
    points: shape.points.map(place).join(" "),
    class: `shape ${shape.kind}${isChosen ? " chosen" : ""}`,
  });
  drawn.addEventListener("click", choose);
  const [x, y] = shape.points.reduce(([ax, ay], [px, py]) => [ax + px / shape.points.length, ay + py / shape.points.length], [0, 0]);
  const name = element("text", { x: x * WIDTH, y: y * height + 12, "text-anchor": "middle", class: "shape-name" }, shape.name);
  return [drawn, ...(isLine ? arrows(shape) : []), name];
}

/** Which way counts, seen from the start to the end of a line. */
function arrows(shape) {
  const [[ax, ay], [bx, by]] = shape.points.map(([x, y]) => [x * WIDTH, y * height]);
  const length = Math.hypot(bx - ax, by - ay) || 1;
  const left = [(by - ay) / length, (ax - bx) / length];
  const ways = { "to-left": [left], "to-right": [left.map((one) => -one)], both: [left, left.map((one) => -one)] };
  return (ways[shape.direction] || ways.both).map(([dx, dy]) => {
    const [mx, my] = [(ax * 3 + bx) / 4 + dx * 14, (ay * 3 + by) / 4 + dy * 14];
    const points = [[mx + dx * 46, my + dy * 46], [mx - dy * 20, my + dx * 20], [mx + dy * 20, my - dx * 20]];
    return element("polygon", { points: points.map((one) => one.join(",")).join(" "), class: "arrow" });
  });
}

// --- handles -------------------------------------------------------------------------------------

function drawHandles(shape, corner, act) {
  const focused = document.activeElement?.dataset?.corner;
  const made = !shape || shape.gone ? [] : [...between(shape, act), ...shape.points.map((point, number) => handle(shape, number, number === corner, act))];
  byId("handles").replaceChildren(...made);
  if (focused !== undefined) byId("handles").querySelector(`[data-corner="${focused}"]`)?.focus();
}

function put(button, [x, y]) {
  button.style.left = `${x * 100}%`;
  button.style.top = `${y * 100}%`;
}

function handle(shape, number, isPicked, act) {
  const [x, y] = shape.points[number];
  const values = { number: number + 1, count: shape.points.length, x: Math.round(x * 100), y: Math.round(y * 100) };
  const button = make("button", {
    type: "button", class: "handle", "data-corner": String(number), "aria-pressed": String(isPicked),
    "aria-label": t("Corner {number} of {count}: {x} % from the left, {y} % from the top", values),
  }, make("span", {}, String(number + 1)));
  put(button, shape.points[number]);
  button.addEventListener("pointerdown", (event) => drag(event, button, (point) => act.move(number, point), () => act.pick(number), act));
  button.addEventListener("click", () => act.pick(number));
  button.addEventListener("keydown", (event) => step(event, shape, number, act));
  return button;
}

/** A place between two corners, where a new one can be pulled out. */
function between(shape, act) {
  if (shape.kind === "line") return [];
  return shape.points.map((point, number) => {
    const next = shape.points[(number + 1) % shape.points.length];
    const middle = [(point[0] + next[0]) / 2, (point[1] + next[1]) / 2];
    const button = make("button", { type: "button", class: "handle between", "aria-label": t("New corner after corner {number}", { number: number + 1 }) }, make("span", {}, "+"));
    put(button, middle);
    button.addEventListener("click", () => act.insert(number, middle.map(clamp)));
    return button;
  });
}

function drag(event, button, move, pick, act) {
  if (event.button > 0) return;
  const stage = byId("stage").getBoundingClientRect();
  let moved = false;
  button.setPointerCapture(event.pointerId);
  const onMove = (to) => {
    if (!moved && Math.hypot(to.clientX - event.clientX, to.clientY - event.clientY) < 4) return;
    moved = true;
    const point = [clamp((to.clientX - stage.left) / stage.width), clamp((to.clientY - stage.top) / stage.height)];
    put(button, point);
    move(point);
  };
  const onEnd = () => {
    button.removeEventListener("pointermove", onMove);
    if (moved) act.end();
    else pick();
  };
  button.addEventListener("pointermove", onMove);
  button.addEventListener("pointerup", onEnd, { once: true });
  button.addEventListener("pointercancel", onEnd, { once: true });
}

function step(event, shape, number, act) {
  if (event.key === "Delete" || event.key === "Backspace") {
    event.preventDefault();
    act.remove(number);
    return;
  }
  const way = KEYS[event.key];
  if (!way) return;
  event.preventDefault();
  const size = event.shiftKey ? FINE : STEP;
  act.move(number, shape.points[number].map((one, axis) => clamp(one + way[axis] * size)));
  act.end();
}

/** While a finger moves a corner: the shape alone, so that the finger keeps its handle. */
export function redrawShape(shapes, chosen) {
  const at = byId("shapes").querySelector(".chosen");
  if (at) at.setAttribute("points", shapes[chosen].points.map(([x, y]) => `${x * WIDTH},${y * height}`).join(" "));
}
