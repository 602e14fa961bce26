// One setting as a field of the form: its input by its kind, its help, its range, its default.

import { make } from "./dom.js";
import { format } from "./settingschange.js";
import { t } from "./translate.js";

export const SHAPES = ["point", "polygon", "polygons"];
const ORIGINS = { file: () => t("in the file"), release: () => t("from the release"), default: () => t("default") };

/**
 * The field of `key` at `place`, which has `value` and perhaps a `draft` (undefined: none). `onChange`
 * is called with the new value, null for "take it out", undefined for "as it was".
 */
export function makeField(place, key, value, draft, onChange) {
  const id = `field ${place}`.replaceAll(/[ .]/g, "-");
  const locked = key.rule === "by-hand" || SHAPES.includes(key.kind);
  const input = makeInput(key, value, draft, id);
  const undo = button(t("Undo"), () => onChange(undefined), draft === undefined);
  const out = button(t("Default"), () => onChange(null), locked || value.from !== "file" || draft === null);
  if (locked) input.disabled = true;
  input.addEventListener("change", () => onChange(readInput(key, input, value)));
  return make("div", { class: `field${draft === undefined ? "" : " changed"}`, "data-place": place },
    make("label", { for: id }, key.name),
    make("div", { class: "input" }, input, undo, out),
    make("p", { class: "quiet", id: `${id}-help` }, key.help),
    make("p", { class: "quiet" }, describe(key, value, draft)),
    ...note(place, key),
    make("p", { class: "said", role: "alert", hidden: "" }));
}

function button(text, act, hidden) {
  const made = make("button", { type: "button", class: "tool small", hidden: hidden ? "" : null }, text);
  made.addEventListener("click", act);
  return made;
}

function makeInput(key, value, draft, id) {
  const now = draft === undefined ? value.value : draft === null ? key.default : draft;
  const common = { id, "aria-describedby": `${id}-help` };
  if (key.kind === "switch") {
    const box = make("input", { ...common, type: "checkbox" });
    box.checked = Boolean(now);
    return box;
  }
  if (key.kind === "choice") {
    const choices = [...new Set([...(key.default === null ? [""] : []), ...key.choices])];
    const select = make("select", common, ...choices.map((one) => make("option", { value: one }, one === "" ? t("none") : String(one))));
    select.value = now === null ? "" : String(now);
    return select;
  }
  if (key.kind === "texts") {
    const area = make("textarea", { ...common, rows: "2", spellcheck: "false" });
    area.value = (now || []).join("\n");
    return area;
  }
  const type = ["number", "integer"].includes(key.kind) ? "number" : "text";
  const input = make("input", { ...common, type, autocomplete: "off", spellcheck: "false", ...range(key), placeholder: value.is_secret ? [value.shown].flat().join(", ") : null });
  input.value = SHAPES.includes(key.kind) ? shapes(now) : now ?? "";
  return input;
}

function range(key) {
  if (!["number", "integer"].includes(key.kind)) return {};
  return { step: key.kind === "integer" ? "1" : "any", min: key.low, max: key.high };
}

function shapes(now) {
  return now && now.length ? JSON.stringify(now) : "";
}

/** What the field says now: undefined where that is what it was. */
function readInput(key, input, value) {
  const found = read(key, input);
  const same = !value.is_secret && JSON.stringify(found) === JSON.stringify(value.value);
  return same || (value.is_secret && found === "") ? undefined : found;
}

function read(key, input) {
  if (key.kind === "switch") return input.checked;
  if (key.kind === "texts") return input.value.split("\n").map((one) => one.trim()).filter(Boolean);
  if (key.kind === "choice") {
    if (input.value === "") return null;
    return key.choices.find((one) => String(one) === input.value);
  }
  if (input.type === "number") return input.value === "" ? null : Number(input.value);
  return input.value === "" && key.default === null ? null : input.value;
}

function describe(key, value, draft) {
  const parts = [];
  if (key.low !== null) parts.push(t("from {low} to {high}", { low: key.low, high: key.high }));
  if (key.kind === "texts") parts.push(t("one in each line"));
  parts.push(t("default: {value}", { value: format({ value: key.default, from: "file" }) }));
  if (draft !== undefined) parts.push(t("now: {value}", { value: format(value) }));
  else if (ORIGINS[value.from]) parts.push(ORIGINS[value.from]());
  return parts.join(" · ");
}

function note(place, key) {
  if (key.rule === "by-hand") return [make("p", { class: "quiet" }, t("Changed on the unit alone, as root."))];
  if (key.rule === "confirm") return [make("p", { class: "quiet" }, t("Taken back by itself unless you confirm it."))];
  if (!SHAPES.includes(key.kind)) return [];
  if (!place.startsWith("camera")) return [make("p", {}, make("a", { href: "/commissioning" }, t("Given in the set-up, step by step")))];
  const camera = place.split(".")[1];
  return [make("p", {}, make("a", { href: `/cameras/${encodeURIComponent(camera)}/zones` }, t("Draw it on the picture")))];
}
