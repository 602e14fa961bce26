// Hands on the map: drag, wheel, two fingers, keys and buttons; and a click, which is none of these.

const STEP_PX = 60;
const CLICK_PX = 5; // further is a drag
const FACTOR = 1.6;
const KEYS = {
  ArrowLeft: [STEP_PX, 0], ArrowRight: [-STEP_PX, 0], ArrowUp: [0, STEP_PX], ArrowDown: [0, -STEP_PX],
};

/** `moved()` after each change of the view; `clicked(x, y)`, `hovered(x, y)` in pixels of the canvas. */
export function listenOnMap(canvas, view, { moved, clicked, hovered, everything }) {
  const fingers = new Map();
  let travelled = 0;

  function zoom(factor, x, y) {
    view.zoom(factor, x, y);
    moved();
  }

  function place(event) {
    const box = canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, place(event));
    if (fingers.size === 1) travelled = 0;
  });

  canvas.addEventListener("pointermove", (event) => {
    const now = place(event);
    const before = fingers.get(event.pointerId);
    if (!before) {
      hovered(now.x, now.y);
      return;
    }
    travelled += Math.hypot(now.x - before.x, now.y - before.y);
    if (fingers.size === 1 && travelled < CLICK_PX) return;
    if (fingers.size === 2) pinch(event.pointerId, before, now);
    else view.pan(now.x - before.x, now.y - before.y);
    fingers.set(event.pointerId, now);
    moved();
  });

  function pinch(id, before, now) {
    const other = [...fingers].find(([one]) => one !== id)[1];
    const gap = (one) => Math.max(10, Math.hypot(one.x - other.x, one.y - other.y));
    view.zoom(gap(now) / gap(before), (now.x + other.x) / 2, (now.y + other.y) / 2);
    view.pan((now.x - before.x) / 2, (now.y - before.y) / 2);
    travelled = CLICK_PX;
  }

  canvas.addEventListener("pointerup", (event) => {
    const was = fingers.delete(event.pointerId);
    const { x, y } = place(event);
    if (was && fingers.size === 0 && travelled < CLICK_PX) clicked(x, y);
  });
  canvas.addEventListener("pointercancel", (event) => fingers.delete(event.pointerId));
  canvas.addEventListener("pointerleave", () => hovered(-1, -1));
  canvas.addEventListener("dblclick", (event) => zoom(FACTOR, place(event).x, place(event).y));
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    const { x, y } = place(event);
    zoom(2 ** (-Math.max(-120, Math.min(120, event.deltaY)) / 240), x, y);
  }, { passive: false });

  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (KEYS[event.key]) view.pan(...KEYS[event.key]);
    else if (event.key === "+" || event.key === "=") view.zoom(FACTOR);
    else if (event.key === "-") view.zoom(1 / FACTOR);
    else if (event.key !== "0") return;
    event.preventDefault();
    if (event.key === "0") everything();
    else moved();
  });
  for (const [id, act] of [["closer", () => zoom(FACTOR)], ["further", () => zoom(1 / FACTOR)], ["all-units", everything]]) {
    document.getElementById(id).addEventListener("click", act);
  }
}
