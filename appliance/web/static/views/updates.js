// Updates: the state and why, orders of a technician, releases and check-ins of the past.

import { byId, make, say, show } from "../dom.js";
import { ask, post } from "../link.js";
import { start, turn } from "../shell.js";
import { when } from "../times.js";
import { t } from "../translate.js";
import { update } from "../update.js";
import { bytes, sentence } from "../words.js";

const AGAIN_MS = 30_000;
const WATCHED_MS = 2500; // while a stick is taken
// What each reason to wait needs; the sentence above says the figures.
const NEEDS = {
  energy: () => t("It needs more charge, or a full battery in the sun. Nothing has to be done."),
  window: () => t("It is installed in the hours that the settings or the rollout give. Nothing has to be done."),
  hold: () => t("Somebody holds updates: end the hold below, or with unitctl update hold --off."),
  clock: () => t("It needs the time of a time server: check the way to the network."),
  link: () => t("It needs a mirror that answers: check modem, address and certificates. It asks again by itself."),
  space: () => t("It needs room on the disk: free some."),
  temperature: () => t("It is too cold or too hot for an installation. Nothing has to be done."),
  trust: () => t("What the mirror gives is not genuine, or keys are missing: a technician has to look (unitctl update why)."),
  slot: () => t("The other system slot needs a person: the sentence says what it answered."),
  operator: () => t("It needs a person: unitctl update why names the cause, unitctl update retry tries again."),
};
let found = null;
let askedAt = -Infinity;
let mirrors = true;
let awaits = false; // an order to take a stick of which nothing is known yet

async function refresh() {
  const againMs = found?.stick?.is_under_way || awaits ? WATCHED_MS : AGAIN_MS;
  if (performance.now() - askedAt < againMs) return;
  found = await ask("/api/updates");
  askedAt = performance.now();
}

function draw(status, now) {
  const u = status.update;
  update({ ...status, update: { ...u, takes_updates: true } }, now);
  say("update-needs", Object.hasOwn(NEEDS, u.waits_for) ? NEEDS[u.waits_for]() : "");
  if (!found) return;
  mirrors = found.has_mirrors;
  byId("order-check").disabled = !mirrors;
  const byCommand = !found.hold && u.waits_for === "hold";
  say("hold-says", byCommand ? t("Updates are held: the reason stands above.") : hold(found.hold, now));
  show("order-release", Boolean(found.hold) || byCommand);
  stick(found.stick, now);
  list("releases", found.releases, (one) => step(one, now));
  show("releases-none", !found.releases.length);
  list("steps", found.steps, (one) => step(one, now));
  list("check-ins", found.check_ins, (one) => checkIn(one, now));
}

function hold(one, now) {
  if (!one) return mirrors ? t("Updates are not held by the page or over MQTT.") : t("No mirror is set: this unit takes releases from a stick only.");
  const until = one.until ? t("until {time}", { time: when(new Date(one.until), now) }) : t("until further notice");
  const reason = one.reason ? ` ${sentence(one.reason)}` : "";
  return `${t("Held by {who}, {until}.", { who: one.who, until })}${reason}`;
}

function stick(one, now) {
  if (one && awaits && one.at !== awaits.before) {
    awaits = false;
    show("stick-asked", false);
  }
  byId("order-stick").disabled = Boolean(one?.is_under_way);
  for (const id of ["stick-says", "stick-who"]) show(id, Boolean(one));
  show("stick-result", Boolean(one?.result));
  if (!one) return;
  say("stick-says", sentence(one.text));
  byId("stick-says").classList.toggle("warn", !one.ok);
  if (one.result) say("stick-result", `${one.from_stick ? t("From the stick:") : t("The stick was not used:")} ${sentence(one.result)}`);
  say("stick-who", t("Ordered by {who}, {time}.", { who: one.who, time: when(new Date(one.at), now) }));
}

/** Rows of a list, made anew only where something has changed. */
function list(id, rows, build) {
  const place = byId(id);
  const shown = JSON.stringify(rows);
  if (place.dataset.shown === shown) return;
  place.dataset.shown = shown;
  place.replaceChildren(...rows.map(build));
}

function step(one, now) {
  const bad = one.step === "rollback";
  return make("li", { class: bad ? "failed" : null },
    make("p", { class: "service-head" }, make("strong", {}, [one.release, one.step].filter(Boolean).join(": ")),
      make("span", { class: "reported" }, when(new Date(one.at), now))),
    make("p", {}, sentence(one.reason)));
}

function checkIn(one, now) {
  const from = one.mirror ? t("answered by {mirror}", one) : t("no mirror answered");
  const much = one.received_bytes ? `, ${bytes(one.received_bytes)}` : "";
  return make("li", {},
    make("p", { class: "service-head" }, make("strong", {}, from + much), make("span", { class: "reported" }, when(new Date(one.at), now))),
    make("p", {}, sentence(one.text)));
}

async function order(path, body, done) {
  say("order-says", t("Ordering."));
  show("order-says", true);
  try {
    await post(path, body);
    say("order-says", done);
  } catch (error) {
    say("order-says", sentence(error.message));
  }
  askedAt = -Infinity;
  turn();
}

byId("order-check").addEventListener("click", () => order("/api/updates/check", {}, t("The check-in is started: what it finds stands here within a minute.")));
byId("order-hold").addEventListener("click", () => {
  const body = { reason: byId("hold-reason").value.trim() };
  if (byId("hold-for").value) body.for = byId("hold-for").value;
  order("/api/updates/hold", body, t("Updates are held."));
});
byId("order-release").addEventListener("click", () => order("/api/updates/release", {}, t("The hold has ended.")));
byId("order-stick").addEventListener("click", async () => {
  say("stick-asked", t("Ordering."));
  show("stick-asked", true);
  try {
    await post("/api/updates/stick", {});
    awaits = { before: found?.stick?.at };
    say("stick-asked", t("The unit looks for the stick."));
  } catch (error) {
    say("stick-asked", sentence(error.message));
  }
  askedAt = -Infinity;
  turn();
});
start({ panels: [draw], also: refresh, everyMs: 5000 });
