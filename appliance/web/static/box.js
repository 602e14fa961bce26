// The frame around what an event is about, drawn over its picture: the picture's file stays clean.
// The frame lies in an SVG of the picture's own size, which is cut and scaled like the picture.

import { t } from "./translate.js";

const SVG = "http://www.w3.org/2000/svg";
const PLACES = [
  [t("at the upper left of the picture"), t("at the top of the picture"), t("at the upper right of the picture")],
  [t("on the left of the picture"), t("in the center of the picture"), t("on the right of the picture")],
  [t("at the lower left of the picture"), t("at the bottom of the picture"), t("at the lower right of the picture")],
];
const MOST = 0.75; // of both sides: such a box has no place, it is the picture

/** Lay a frame over an image. `fit` is "meet" (all of it is shown) or "slice" (its place is filled). */
export function frameOf(image, box, fit) {
  const frame = svg("svg", { class: "frame", "aria-hidden": "true", preserveAspectRatio: `xMidYMid ${fit}` });
  const draw = () => {
    const { naturalWidth: width, naturalHeight: height } = image;
    frame.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const sides = sidesOf(box);
    frame.replaceChildren(...["frame-shade", "frame-mark"].map((kind) => svg("rect", {
      class: kind, x: sides.left * width, y: sides.top * height,
      width: (sides.right - sides.left) * width, height: (sides.bottom - sides.top) * height,
    })));
  };
  if (image.complete && image.naturalWidth) draw();
  else image.addEventListener("load", draw, { once: true });
  image.addEventListener("error", () => frame.remove());
  return frame;
}

/** Where in the picture a box is, in words. */
export function placeOf(box) {
  const { left, top, right, bottom } = sidesOf(box);
  if (right - left > MOST && bottom - top > MOST) return t("over most of the picture");
  return PLACES[third((top + bottom) / 2)][third((left + right) / 2)];
}

/** The sides within the picture: a box may reach out of it. */
function sidesOf([left, top, right, bottom]) {
  const within = (side) => Math.min(1, Math.max(0, side));
  return { left: within(left), top: within(top), right: within(right), bottom: within(bottom) };
}

function third(fraction) {
  return Math.min(2, Math.floor(fraction * 3));
}

function svg(tag, attributes) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}
