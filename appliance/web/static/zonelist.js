// The list of a camera's shapes, and the form of the chosen one.

import { byId, make } from "./dom.js";
import { makeField, SHAPES } from "./settingsfield.js";
import { t } from "./translate.js";
import * as zones from "./zones.js";

const TITLES = {
  zone: () => t("Zone"),
  line: () => t("Line"),
  privacy: () => t("Privacy mask"),
  motion: () => t("Motion mask"),
};
const HELP = {
  zone: () => t("Only what is in a zone, or crosses a line, makes an event."),
  line: () => t("The arrows show which crossings count."),
  privacy: () => t("Blackened before anything is analysed or stored. Masks have no names."),
  motion: () => t("Motion in it is ignored. Masks have no names."),
};

/** Draw both anew, where they differ. */
export function drawPanel() {
  const { shapes, chosen } = zones.state();
  byId("shape-list").replaceChildren(...shapes.map((shape, number) => item(shape, number, number === chosen)));
  const focused = document.activeElement?.id;
  byId("shape-form").replaceChildren(...(shapes[chosen] ? form(shapes[chosen]) : []));
  if (focused) document.getElementById(focused)?.focus();
}

function item(shape, number, isChosen) {
  const button = make("button", { type: "button", "aria-pressed": String(isChosen), class: shape.gone ? "gone" : null },
    t("{kind} {name}", { kind: TITLES[shape.kind](), name: shape.name }));
  button.addEventListener("click", () => zones.choose(number));
  return make("li", {}, button);
}

function form(shape) {
  const isMask = ["privacy", "motion"].includes(shape.kind);
  return [
    make("p", { class: "quiet" }, HELP[shape.kind]()),
    ...(shape.gone ? [] : [corners(shape), ...(isMask ? [] : [nameField(shape), ...valueFields(shape)])]),
    make("div", { class: "steps" }, act("shape-gone", shape.gone ? t("Keep it") : t("Remove"), zones.toggleGone)),
  ];
}

function act(id, text, run, disabled = false) {
  const button = make("button", { id, type: "button", class: "tool", disabled: disabled ? "" : null }, text);
  button.addEventListener("click", run);
  return button;
}

function corners(shape) {
  if (shape.kind === "line") {
    return make("div", { class: "steps" }, act("turn", t("Turn the line round"), () => zones.set({ points: shape.points.toReversed() })));
  }
  const { corner, found } = zones.state();
  return make("div", { class: "steps" },
    act("corner-add", t("Add a corner"), () => zones.insertCorner(Math.max(0, corner)), shape.points.length >= found.most_corners),
    act("corner-remove", t("Remove corner {number}", { number: Math.max(0, corner) + 1 }), () => zones.removeCorner(Math.max(0, corner)), shape.points.length <= 3));
}

function nameField(shape) {
  const input = make("input", { id: "shape-name", maxlength: "32", autocomplete: "off", autocapitalize: "none", spellcheck: "false" });
  input.value = shape.name;
  input.addEventListener("change", () => zones.set({ name: input.value.trim() }));
  return make("div", { class: "field" }, make("label", { for: "shape-name" }, t("Name")), make("div", { class: "input" }, input),
    make("p", { class: "quiet" }, t("Lower-case letters, digits and hyphens; events and alarms are told with it.")));
}

function valueFields(shape) {
  const { camera, found } = zones.state();
  const keys = shape.kind === "zone" ? found.zone_keys : found.line_keys;
  const place = `camera.${camera}.${shape.kind}.${shape.name}`;
  const fields = keys.filter((key) => !SHAPES.includes(key.kind)).map((key) =>
    makeField(`${place}.${key.name}`, key, { value: shape.values[key.name], from: null }, undefined,
      (value) => zones.setValue(key.name, value === undefined ? shape.values[key.name] : value)));
  return [...fields, labels(shape, found)];
}

/** Labels that the unit follows already, to be tapped. */
function labels(shape, found) {
  const chosen = shape.values.labels || [];
  return make("div", { class: "steps", role: "group", "aria-label": t("Labels that count") },
    ...found.labels.map((label) => {
      const isOn = chosen.includes(label);
      const button = act(`label-${label}`, label, () => zones.setValue("labels", isOn ? chosen.filter((one) => one !== label) : [...chosen, label]));
      button.setAttribute("aria-pressed", String(isOn));
      if (isOn) button.classList.add("strong");
      return button;
    }));
}
