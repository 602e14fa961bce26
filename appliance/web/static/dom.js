// How the page touches the document: only where something has changed, and never with HTML as text.

import { t } from "./translate.js";

export function byId(id) {
  return document.getElementById(id);
}

/** Set the text of an element, if it differs: a screen reader hears changes only. */
export function say(target, text) {
  const element = typeof target === "string" ? byId(target) : target;
  if (element.textContent !== text) element.textContent = text;
}

export function show(target, visible) {
  const element = typeof target === "string" ? byId(target) : target;
  if (element.hidden === visible) element.hidden = !visible;
}

/** A new element: make("li", {class: "part"}, "text", child, ...). */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** Rows of a <dl>, replaced only when a word of them changed. */
export function facts(list, rows) {
  const text = JSON.stringify(rows);
  if (list.dataset.shown === text) return;
  list.dataset.shown = text;
  list.replaceChildren(...rows.map(([term, value]) =>
    make("div", {}, make("dt", {}, term), make("dd", {}, value))));
}

/** A large figure with its unit; unknown is a word, never a number. */
export function figure(id, unitId, text) {
  const known = text !== null;
  say(id, known ? text : t("unknown"));
  byId(id).classList.toggle("unknown", !known);
  show(unitId, known);
}
