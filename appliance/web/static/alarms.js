// Alarms: what waits and why, and what was sent to whom. A card of its own, where somebody is told.

import { byId, make, say, show } from "./dom.js";
import { sentence } from "./words.js";
import { when } from "./times.js";
import { t, tn } from "./translate.js";

const STATES = { waiting: t("waits"), sending: t("is being sent"), sent: t("sent"), dropped: t("was dropped"), acknowledged: t("not sent") };

export function alarms(status, now) {
  const a = status.alarms;
  const shown = a.is_set || a.recent.length > 0;
  show("alarms", shown);
  if (!shown) return;
  say("alarms-waiting", sentence(a.sentence));
  byId("alarms-waiting").classList.toggle("warn", a.waiting > 0);
  const list = byId("alarms-recent");
  const rows = a.recent.map((alarm) => describe(alarm, now));
  const text = JSON.stringify(rows);
  if (list.dataset.shown === text) return;
  list.dataset.shown = text;
  list.replaceChildren(...rows.map(row));
}

function describe(alarm, now) {
  return {
    head: alarm.text,
    at: when(new Date(alarm.at), now) + (alarm.occurrences > 1 ? `, ${tn("{count} time", "{count} times", alarm.occurrences)}` : ""),
    seen: alarm.acknowledged_by ? t("acknowledged by {who}", { who: alarm.acknowledged_by }) : "",
    messages: alarm.deliveries.map((one) => message(one, now)),
  };
}

function message(one, now) {
  const to = t("{recipient} by {channel}: ", { recipient: one.recipient, channel: one.channel });
  if (one.state === "sent") return `${to}${t("sent {when}", { when: when(new Date(one.sent), now) })}`;
  return `${to}${STATES[one.state] || one.state}, ${one.reason}`;
}

function row(one) {
  return make("li", {},
    make("p", { class: "service-head" }, make("strong", {}, one.head), make("span", { class: "reported" }, one.at)),
    ...one.messages.map((text) => make("p", {}, text)),
    one.seen ? make("p", { class: "quiet" }, one.seen) : null);
}
