// What was decided, when and why: one line of time with a filter by kind and day, by cursor. The
// filter is in the address, so that it can be sent and gone back to.

import { byId, make, say, show } from "../dom.js";
import { ask } from "../link.js";
import { start } from "../shell.js";
import { clockSeconds, date, siteDay, unitNow, when } from "../times.js";
import { t } from "../translate.js";
import { sentence, word } from "../words.js";

const AGAIN_MS = 60_000;
const MOST = 1000; // on one page; a page left open does not grow for ever
const WHAT = {
  level: (one) => t("Level {level}", { level: word(one.value) }),
  sleep: (one) => t("Sleeps, at level {level}", { level: word(one.value) }),
  wake: (one) => (one.value === "stays" ? t("Woke, and stays on") : t("Woke, and goes back to sleep")),
  switch: (one) => (one.value === "on" ? t("{name} switched on", { name: one.subject }) : t("{name} switched off", { name: one.subject })),
  camera: (one) => t("Camera {name}: {mode}", { name: one.subject, mode: one.value }),
  hold: (one) => held(one, one.subject ? t("Camera {name}", { name: one.subject }) : t("All cameras")),
  update: (one) => (one.subject ? t("Update {release}: {step}", { release: one.subject, step: one.value }) : t("Update: {step}", { step: one.value })),
  "update-hold": (one) => (one.value === "held" ? t("Updates held by {who}", one) : t("Updates released by {who}", one)),
  act: (one) => [`${one.who}: ${one.value}`, one.subject].filter(Boolean).join(", "),
};
const OUTCOMES = { done: () => t("done"), refused: () => t("refused"), failed: () => t("failed"), begun: () => t("begun; how it ended is not known") };
let listed = [];
let older = null;
let askedAt = -Infinity;
let extended = false;
let asked = 0;

function held(one, who) {
  if (one.value === "ended") return t("{camera}: a hold ended, by {who}", { camera: who, who: one.who });
  const until = one.until ? t(" until {time}", { time: when(new Date(one.until), unitNow()) }) : "";
  return t("{camera}: {what}{until}, by {who}", { camera: who, what: one.value, until, who: one.who });
}

/** Called with each status: the newest are asked for again, unless somebody reads older ones. */
function draw() {
  if (!extended && performance.now() - askedAt > AGAIN_MS) refresh();
}

async function refresh(before = null) {
  const mine = ++asked;
  askedAt = performance.now();
  const query = new URLSearchParams([["kind", byId("decision-kind").value], ["day", byId("decision-day").value]].filter(([, value]) => value));
  if (before) query.set("before", before);
  try {
    const found = await ask(`/api/decisions?${query}`);
    if (mine !== asked) return;
    listed = before ? [...listed, ...found.decisions] : found.decisions;
    older = listed.length < MOST ? found.older : null;
    render(found.shows_acts);
  } catch (error) {
    if (mine !== asked) return;
    askedAt = -Infinity;
    if (error.status === 400) say("decisions-say", sentence(error.message));
  }
}

function render(showsActs) {
  show("decisions-older", older !== null);
  say("decisions-say", note(showsActs));
  const place = byId("decisions");
  const shown = JSON.stringify(listed);
  if (place.dataset.shown === shown) return;
  place.dataset.shown = shown;
  const rows = [];
  let day = null;
  for (const one of listed) {
    const moment = new Date(one.at);
    if (siteDay(moment) !== day) rows.push(make("li", {}, make("h3", { class: "decision-day" }, date(moment))));
    day = siteDay(moment);
    rows.push(row(one, moment));
  }
  place.replaceChildren(...rows);
}

function note(showsActs) {
  if (!listed.length) return t("Nothing is stored of that.");
  const kind = byId("decision-kind").value;
  if (kind === "levels") return t("Changes of the level are kept for two days.");
  return showsActs || (kind && kind !== "acts") ? "" : t("What people did is shown to a technician, after the login.");
}

function row(one, moment) {
  const words = Object.hasOwn(WHAT, one.what) ? WHAT[one.what](one) : one.what;
  const reason = one.kind === "acts" ? (OUTCOMES[one.reason] || (() => one.reason))() : one.reason;
  return make("li", { class: "decision", "data-kind": one.kind },
    make("time", { datetime: one.at }, clockSeconds(moment)),
    make("p", { class: "decision-head" }, words),
    reason ? make("p", {}, sentence(reason)) : null);
}

function changed() {
  const address = new URL(location.href);
  for (const [name, id] of [["kind", "decision-kind"], ["day", "decision-day"]]) {
    if (byId(id).value) address.searchParams.set(name, byId(id).value);
    else address.searchParams.delete(name);
  }
  history.pushState(null, "", address);
  extended = false;
  refresh();
}

function follow() {
  const query = new URLSearchParams(location.search);
  byId("decision-kind").value = query.get("kind") || "";
  if (byId("decision-kind").selectedIndex < 0) byId("decision-kind").value = "";
  byId("decision-day").value = query.get("day") || "";
  askedAt = -Infinity;
  extended = false;
}

byId("decision-kind").addEventListener("change", changed);
byId("decision-day").addEventListener("change", changed);
byId("decisions-older").addEventListener("click", () => {
  extended = true;
  if (older) refresh(older);
});
window.addEventListener("popstate", () => {
  follow();
  refresh();
});
follow();
start({ panels: [draw], everyMs: 10_000 });
