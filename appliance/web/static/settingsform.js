// The form of the settings: sections that open, entries that come and go, and what is not saved yet.
// Names come from the settings file, so they are texts and never markup.

import { byId, make, say, show } from "./dom.js";
import { makeField, SHAPES } from "./settingsfield.js";
import { t, tn } from "./translate.js";

const KEPT = "settings-drafts";
const NAME = /^[a-z0-9][a-z0-9-]{0,31}$/;
const changed = new Map(); // dotted name -> new value; null: take it out
let sections = [];
let told = () => {};

/** All unsaved changes: {name: value}. A new entry is made by its first key. */
export function drafts() {
  const names = [...changed.keys()];
  const needed = ([name, value]) => value === null || typeof value !== "object" || Array.isArray(value)
    || !names.some((one) => one.startsWith(`${name}.`));
  return Object.fromEntries([...changed].filter(needed));
}

export function dropDrafts() {
  changed.clear();
  keep();
}

/** What was typed before this page was left, and `more`. */
export function restore(more) {
  try {
    const kept = { ...JSON.parse(sessionStorage.getItem(KEPT) || "{}"), ...more };
    for (const [name, value] of Object.entries(kept)) changed.set(name, value);
  } catch {
    // Nothing was kept.
  }
}

function keep() {
  try {
    sessionStorage.setItem(KEPT, JSON.stringify(Object.fromEntries(changed)));
  } catch {
    // A browser that keeps nothing.
  }
}

/** Draw all sections; `onChange` is called when there is another number of changes. */
export function drawForm(found, onChange) {
  sections = found;
  told = onChange;
  const open = new Set([...document.querySelectorAll(".section[open]")].map((one) => one.dataset.name));
  byId("sections").replaceChildren(...sections.map((section) => drawSection(section, open.has(section.name))));
  search();
  told();
}

/** Show the field that is wrong, with the reason; whether there is one. Null: none is. */
export function markWrong(key, text = "") {
  for (const one of document.querySelectorAll(".field.wrong")) {
    one.classList.remove("wrong");
    show(one.querySelector(".said"), false);
  }
  const section = key && sections.find((one) => one.name === key.split(".")[0]);
  if (!section) return false;
  const details = document.querySelector(`.section[data-name="${section.name}"]`);
  details.open = true;
  fill(details, section);
  const field = [...details.querySelectorAll(".field")].find((one) => one.dataset.place === key);
  if (!field) return false;
  field.classList.add("wrong");
  say(field.querySelector(".said"), text);
  show(field.querySelector(".said"), true);
  field.scrollIntoView({ block: "center" });
  field.querySelector("input, select, textarea").focus();
  return true;
}

// --- sections ------------------------------------------------------------------------------------

function drawSection(section, isOpen) {
  const details = make("details", { class: "card section", "data-name": section.name, open: isOpen ? "" : null },
    make("summary", {}, make("span", {}, t(section.title)), make("span", { class: "quiet" }, `[${section.name}]`), make("span", { class: "mine", hidden: "" })),
    make("div", { class: "section-body" }));
  details.addEventListener("toggle", () => details.open && fill(details, section));
  if (isOpen) fill(details, section);
  mark(details, section.name);
  return details;
}

/** What is in a section: made when it is opened. */
function fill(details, section) {
  const body = details.querySelector(".section-body");
  if (body.childElementCount) return;
  const parts = section.help ? [make("p", { class: "quiet" }, section.help)] : [];
  const entries = withNew(section.entries, section.name, section.is_family);
  parts.push(...entries.map((entry) => drawEntry(entry, section, redraw, section.is_family)));
  if (section.is_family) parts.push(adder(section.name, entries, redraw));
  body.replaceChildren(...parts);

  function redraw(focus) {
    body.replaceChildren();
    fill(details, section);
    mark(details, section.name);
    search();
    told();
    if (focus) document.getElementById(focus)?.focus();
  }
}

function mark(details, name) {
  const mine = [...changed.keys()].filter((one) => one === name || one.startsWith(`${name}.`)).length;
  const badge = details.querySelector(".mine");
  show(badge, mine > 0);
  say(badge, tn("{count} unsaved", "{count} unsaved", mine));
}

/** The entries that there are, and those that exist as unsaved changes only. */
function withNew(entries, family, isFamily) {
  if (!isFamily) return entries;
  const depth = family.split(".").length;
  const names = new Set([...changed.keys()].filter((one) => one.startsWith(`${family}.`)).map((one) => one.split(".")[depth]));
  for (const entry of entries) names.delete(entry.name);
  return [...entries, ...[...names].map((name) => ({ place: `${family}.${name}`, name, values: {}, entries: {}, isNew: true }))];
}

function drawEntry(entry, schema, redraw, isFamily) {
  const isGone = changed.get(entry.place) === null;
  const fields = schema.keys.map((key) => drawKey(`${entry.place}.${key.name}`, key, entry.values[key.name], redraw));
  const within = schema.families.flatMap((family) => drawFamily(entry, family, redraw));
  const parts = [make("div", { class: "fields" }, ...fields), ...within];
  if (!isFamily) return make("div", {}, ...parts);
  return make("fieldset", { class: `entry${isGone ? " gone" : ""}`, "data-entry": entry.place },
    make("legend", {}, entry.name), ...parts, make("div", { class: "entry-acts" }, remover(entry, isGone, redraw)));
}

function drawFamily(entry, family, redraw) {
  const place = `${entry.place}.${family.name}`;
  const found = withNew(entry.entries[family.name] || [], place, true);
  return [
    make("h3", {}, t(family.title)),
    ...found.map((one) => drawEntry(one, family, redraw, true)),
    family.keys.some((key) => SHAPES.includes(key.kind)) ? drawer(entry) : adder(place, found, redraw),
  ];
}

function drawer(entry) {
  if (entry.isNew) return make("p", { class: "quiet" }, t("Apply the new camera first; then they are drawn on its picture."));
  return make("p", {}, make("a", { href: `/cameras/${encodeURIComponent(entry.name)}/zones` }, t("Draw them on the picture")));
}

function drawKey(place, key, value, redraw) {
  const now = value || { value: key.default, from: "default" };
  return makeField(place, key, now, changed.get(place), (found) => {
    if (found === undefined) changed.delete(place);
    else changed.set(place, found);
    keep();
    redraw(`field ${place}`.replaceAll(/[ .]/g, "-"));
  });
}

function remover(entry, isGone, redraw) {
  const button = make("button", { type: "button", class: "tool" }, isGone ? t("Keep it") : t("Remove {name}", { name: entry.name }));
  button.addEventListener("click", () => {
    for (const name of [...changed.keys()]) if (name.startsWith(`${entry.place}.`)) changed.delete(name);
    if (isGone || entry.isNew) changed.delete(entry.place);
    else changed.set(entry.place, null);
    keep();
    redraw();
  });
  return button;
}

function adder(family, entries, redraw) {
  const id = `add-${family.replaceAll(".", "-")}`;
  const input = make("input", { id, maxlength: "32", autocomplete: "off", autocapitalize: "none", spellcheck: "false" });
  const button = make("button", { type: "button", class: "tool" }, t("Add"));
  const said = make("p", { class: "said", role: "alert" });
  button.addEventListener("click", () => {
    const name = input.value.trim();
    if (!NAME.test(name)) say(said, t("A name has lower-case letters, digits and hyphens, 32 at most."));
    else if (entries.some((one) => one.name === name)) say(said, t("There is one of that name."));
    else {
      changed.set(`${family}.${name}`, {});
      keep();
      redraw();
    }
  });
  return make("div", { class: "add" }, make("label", { for: id }, t("New name under [{family}]", { family }), input), button, said);
}

// --- search --------------------------------------------------------------------------------------

function search() {
  const words = byId("find").value.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const ownOnly = byId("find-own").checked;
  const active = words.length > 0 || ownOnly;
  let found = 0;
  for (const details of document.querySelectorAll(".section")) {
    const section = sections.find((one) => one.name === details.dataset.name);
    const title = `${section.name} ${section.title} ${t(section.title)}`.toLowerCase();
    if (active && details.open === false && mayMatch(section, words, ownOnly)) details.open = true;
    if (details.open) fill(details, section);
    let here = 0;
    for (const field of details.querySelectorAll(".field")) {
      const text = `${title} ${field.dataset.place} ${field.textContent}`.toLowerCase();
      const hit = words.every((word) => text.includes(word)) && (!ownOnly || isOwn(section, field.dataset.place));
      show(field, !active || hit);
      if (hit) here += 1;
    }
    found += here;
    show(details, !active || here > 0);
  }
  say("found-says", active ? tn("{count} setting found", "{count} settings found", found) : "");
}

function mayMatch(section, words, ownOnly) {
  const text = JSON.stringify([section.name, section.title, t(section.title), section.keys, section.families, section.entries]).toLowerCase();
  return words.every((word) => text.includes(word)) && (!ownOnly || text.includes('"from":"file"'));
}

function isOwn(section, place) {
  const parts = place.split(".");
  let entry = section.entries.find((one) => place.startsWith(`${one.place}.`));
  while (entry && entry.place.split(".").length < parts.length - 1) {
    entry = Object.values(entry.entries).flat().find((one) => place.startsWith(`${one.place}.`));
  }
  return entry?.values[parts.at(-1)]?.from === "file";
}

byId("find").addEventListener("input", search);
byId("find-own").addEventListener("change", search);
