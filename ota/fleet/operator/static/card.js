// One unit, with everything that is known of it. Its address is #unit=NAME, so that it can be sent.

import { findAdvice } from "./advice.js";
import { ask } from "./asking.js";
import { byId, facts, make, say, show } from "./dom.js";
import { address } from "./question.js";
import { refusal } from "./refused.js";
import { stateWord } from "./states.js";
import { full, span, unitNow, when } from "./times.js";
import { fixed, percent, sentence, word } from "./words.js";

const LINK = /^#unit=(.+)$/;
const dialog = byId("unit");

/** Show what the page's address names; called when it changes, and at each turn of the page. */
export async function followAddress() {
  const name = wanted();
  if (name === null) {
    dialog.close();
    return;
  }
  try {
    const unit = await ask(`/api/v1/units/${encodeURIComponent(name)}`);
    if (name === wanted()) draw(unit);
  } catch (error) {
    const isShown = dialog.open && byId("unit-title").textContent === name;
    if (name === wanted() && !isShown) refuse(name, error);
  }
}

function wanted() {
  const found = location.hash.match(LINK);
  if (!found) return null;
  try {
    return decodeURIComponent(found[1]);
  } catch {
    return null;
  }
}

function draw(unit) {
  const now = unitNow();
  say("unit-title", unit.name);
  byId("unit-state").replaceChildren(stateWord(unit.state));
  say("unit-why", sentence(unit.reason));
  advise(unit);
  facts(byId("unit-facts"), rows(unit, now).filter(([, value]) => value !== null && value !== ""));
  byId("unit-faults").replaceChildren(...unit.faults.map((fault) => faultCard(fault, now)));
  show("unit-refused", unit.refusals.length > 0);
  byId("unit-refusals").replaceChildren(...unit.refusals.map((one) => refusal(one, now)));
  byId("unit-data").setAttribute("href", `/api/v1/units/${encodeURIComponent(unit.name)}`);
  show("unit-data", true);
  open();
}

function refuse(name, error) {
  say("unit-title", name);
  byId("unit-state").replaceChildren();
  say("unit-why", error.status === 404 ? "There is no unit of this name in the fleet." : error.message);
  for (const id of ["unit-advice", "unit-refused", "unit-data"]) show(id, false);
  facts(byId("unit-facts"), []);
  byId("unit-faults").replaceChildren();
  open();
}

function open() {
  if (!dialog.open) dialog.showModal();
}

function advise(unit) {
  const found = findAdvice(unit);
  show("unit-advice", found !== null);
  if (!found) return;
  say("unit-doubt", unit.doubt ? sentence(unit.doubt) : "");
  say("unit-todo", found[0]);
  show("unit-command", found[1] !== null);
  say("unit-command", found[1] || "");
}

function rows(unit, now) {
  const isUnderWay = unit.release && unit.release !== unit.running_release;
  return [
    ["Group", unit.group],
    ["Last report", reported(unit.received_at, now)],
    ["Back at", unit.expected_at && when(new Date(unit.expected_at), now)],
    ["Release", unit.running_release || "none told"],
    ["Under way", isUnderWay ? `${unit.release}${unit.step ? `, ${unit.step}` : ""}` : null],
    ["Waits for", unit.waits_for],
    ["Failed releases", unit.failed_releases.join(", ")],
    ["Level", word(unit.level)],
    ["Charge", percent(unit.charge_pct)],
    ["Autonomy", fixed(unit.autonomy_days, 1, "days")],
    ["Sun of the week", fixed(unit.sun_week_kwh, 1, "kWh")],
    ["Place", unit.latitude_deg === null ? null : `${unit.latitude_deg.toFixed(2)}°, ${unit.longitude_deg.toFixed(2)}°`],
    ["Serial", unit.serial],
    ["In the fleet since", full(new Date(unit.entered_at))],
    ["Taken out", unit.revoked_at && full(new Date(unit.revoked_at))],
    ["Key (SHA-256)", unit.key_sha256],
  ];
}

function reported(at, now) {
  if (!at) return "never";
  const moment = new Date(at);
  return `${when(moment, now)}, ${span((now - moment) / 1000)} ago`;
}

function faultCard(fault, now) {
  return make("article", { class: "fault" },
    make("p", { class: "fault-head" }, make("strong", {}, make("bdi", {}, fault.code)), " ", make("bdi", {}, fault.source), `, since ${when(new Date(fault.since), now)}`),
    make("p", { class: "fault-text" }, make("bdi", {}, sentence(fault.text))));
}

window.addEventListener("hashchange", followAddress);
dialog.addEventListener("close", () => {
  if (wanted() !== null) history.pushState(null, "", address());
});
