// Power devices: a card for each, with all values; asked for each half a minute.

import { byId, facts, make, say } from "../dom.js";
import { valueWords, valueName } from "../values.js";
import { ask } from "../link.js";
import { start } from "../shell.js";
import { lastKnown, span, when } from "../times.js";
import { t, tn } from "../translate.js";
import { power, sentence, word } from "../words.js";

const AGAIN_MS = 30_000;
const KINDS = {
  charger: () => t("Charge controller"),
  bms: () => t("Battery or shunt"),
  source: () => t("Second source"),
  switch: () => t("Switched load"),
  host: () => t("Host, switched as a load"),
};
const STATES = {
  answers: () => t("answers"),
  silent: () => t("does not answer"),
  waits: () => t("does not answer; it is asked less often"),
  locked: () => t("locked: a person has to unlock it"),
  old: () => t("not known now"),
  never: () => t("has not reported yet"),
  on: () => t("ordered on"),
  off: () => t("ordered off"),
};
const ILL = ["silent", "waits", "locked", "old", "never"];
let devices = null;
let askedAt = -Infinity;

async function refresh() {
  if (performance.now() - askedAt < AGAIN_MS) return;
  ({ devices } = await ask("/api/devices"));
  askedAt = performance.now();
}

function draw(_status, now) {
  if (!devices) return;
  say("devices-say", summary());
  const place = byId("devices");
  const shown = JSON.stringify([devices, Math.floor(now / 60_000)]);
  if (place.dataset.shown === shown) return;
  place.dataset.shown = shown;
  const open = new Set([...place.querySelectorAll("details[open]")].map((one) => one.id));
  place.replaceChildren(...devices.map((one) => card(one, now)));
  for (const one of place.querySelectorAll("details")) one.open = open.has(one.id);
}

function summary() {
  if (!devices.length) return t("The settings name no power device.");
  const ill = devices.filter((one) => ILL.includes(one.state) || one.faults.length).length;
  const all = tn("{count} device", "{count} devices", devices.length);
  return ill ? t("{all}; {ill} need a look.", { all, ill }) : t("{all}; all as they should be.", { all });
}

function card(one, now) {
  const id = `device-${one.kind}-${devices.indexOf(one)}`;
  const list = make("dl", { class: "facts" });
  facts(list, [...wiring(one), ...one.values.map(value)]);
  for (const [index, row] of [...list.children].entries()) mark(row, one.values[index - wiring(one).length]);
  return make("section", { class: "card device", "data-state": one.state, "aria-labelledby": id },
    make("h2", { id }, `${one.name} `, make("span", { class: "quiet" }, (KINDS[one.kind] || (() => one.kind))())),
    make("p", { class: "device-state" }, state(one, now)),
    one.sentence ? make("p", {}, sentence(one.sentence)) : null,
    ...one.faults.map((fault) => faultCard(fault, now)),
    list,
    one.not_given.length ? make("p", { class: "quiet" }, t("Not given by this device: {names}.", { names: one.not_given.map(valueName).join(", ") })) : null,
    cells(one),
    polls(one, now),
    setPoints(one, id));
}

function state(one, now) {
  const text = (STATES[one.state] || (() => one.state))();
  if (one.state === "old") return `${text}. ${lastKnown(one.at, now)}`;
  const level = one.level ? t(" (runs from level {level})", { level: word(one.level) }) : "";
  return `${text}${level}.`.replace(/^./, (first) => first.toUpperCase());
}

function wiring(one) {
  return [
    [t("Model"), one.model],
    ...(one.port ? [[t("Wired to"), one.address === null ? one.port : t("{port}, address {address}", one)]] : []),
    ...(one.watts && one.watts.length ? [[t("Draws"), one.watts.map(power).join(", ")]] : []),
  ];
}

function value(one) {
  return [valueName(one.name), valueWords(one)];
}

/** A value that cannot be used stands out; one that is older than the poll says so. */
function mark(row, one) {
  if (!one) return;
  if (one.quality !== "ok") row.lastChild.classList.add("bad-value");
  if (one.age_s >= 1) row.lastChild.append(make("span", { class: "value-age" }, ` ${t("{span} old", { span: span(one.age_s) })}`));
}

function faultCard(fault, now) {
  return make("div", { class: "fault" },
    make("p", { class: "fault-head" }, make("strong", {}, t("Fault")), ` ${t("since {time}", { time: when(new Date(fault.since), now) })}`),
    make("p", { class: "fault-text" }, sentence(fault.text)));
}

function cells({ cells: all }) {
  if (!all) return null;
  return make("div", {}, make("h3", {}, t("Cells, V")),
    make("ol", { class: "cells digits" }, ...all.map((cell) =>
      make("li", { class: cell.is_apart ? "apart" : null }, make("span", { class: "quiet" }, cell.cell), ` ${cell.voltage_v.toFixed(3)}`))));
}

function polls(one, now) {
  if (one.polls === null) return null;
  const counted = t("Asked {polls} times since the power service began; {failed} failed.", { polls: one.polls, failed: one.failed_polls });
  const last = one.last_error ? ` ${t("Last error {time}: {error}", { time: when(new Date(one.last_error_at), now), error: sentence(one.last_error) })}` : "";
  return make("p", { class: "quiet" }, counted + last);
}

function setPoints(one, id) {
  if (!one.set_points.length) return null;
  const list = make("dl", { class: "facts" });
  facts(list, one.set_points.map(({ name, value: set }) => [valueName(name), valueWords({ name, value: set, quality: "ok" })]));
  return make("details", { id: `${id}-set` }, make("summary", {}, t("What it is set to")), list);
}

start({ panels: [draw], also: refresh, everyMs: 10_000 });
