// Updates: what release runs, what is under way, what it waits for, and when mirrors were asked.
// A card of its own, where the unit takes updates: an update that waits does not change the headline.

import { byId, facts, say, show } from "./dom.js";
import { percent, sentence } from "./words.js";
import { span, when } from "./times.js";
import { t } from "./translate.js";

const NEEDS_A_PERSON = ["operator", "slot", "space", "trust"];
const WAITS_FOR = {
  energy: t("energy"), window: t("its hours"), hold: t("the end of a hold"), clock: t("a confirmed clock"),
  link: t("the link"), space: t("room on the disk"), temperature: t("the temperature"),
  trust: t("a person: what a mirror gives is not genuine"), slot: t("a person: the other system slot"),
  operator: t("a person"),
};

export function update(status, now) {
  const u = status.update;
  show("update", u.takes_updates);
  if (!u.takes_updates) return;
  const stuck = NEEDS_A_PERSON.includes(u.waits_for);
  say("update-does", stuck ? "" : sentence(u.sentence));
  say("update-stuck", stuck ? sentence(u.sentence) : "");
  show("update-does", !stuck);
  show("update-stuck", stuck);
  bar(u.progress_pct);
  facts(byId("update-facts"), [
    [t("Runs"), u.running_release || t("as installed, without a release")],
    ...(u.release ? [[t("Under way"), u.release]] : []),
    ...(u.progress_pct !== null ? [[t("Done"), percent(u.progress_pct)]] : []),
    ...(u.waits_for ? [[t("Waits for"), Object.hasOwn(WAITS_FOR, u.waits_for) ? WAITS_FOR[u.waits_for] : u.waits_for]] : []),
    ...(u.failed_releases.length ? [[t("Failed here"), u.failed_releases.join(", ")]] : []),
    [t("Asked"), u.asked_at ? ago(u.asked_at, now) : t("not yet")],
    ...(u.asks_next ? [[t("Asks next"), when(new Date(u.asks_next), now)]] : []),
  ]);
  const answered = u.mirror ? t("Answer of {mirror}.", { mirror: u.mirror }) : t("No mirror answered.");
  say("update-note", u.asked_at ? answered : "");
}

/** How far the present step is, where it tells. */
function bar(done) {
  show("update-bar", done !== null);
  if (done === null) return;
  const shown = Math.min(100, Math.max(0, Math.round(done)));
  byId("update-bar").setAttribute("aria-valuenow", String(shown));
  byId("update-done").style.width = `${shown}%`;
}

function ago(text, now) {
  const moment = new Date(text);
  return t("{time}, {age} ago", { time: when(moment, now), age: span((now - moment) / 1000) });
}
