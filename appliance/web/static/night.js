// The night that passed: told for a day after the unit came back from sleep. And the days ahead.

import { byId, facts, say, show } from "./dom.js";
import { percent, sentence, typeset, UNKNOWN, word } from "./words.js";
import { span, when } from "./times.js";
import { t, tn } from "./translate.js";

const TOLD_S = 24 * 3600;
const MOST_CHANGES = 4;
const WOKEN = {
  "the clock of the computer": (until) => t("by the computer's clock, as set for {until}", { until }),
  "before its time": (until) => t("before its time, which was {until}", { until }),
  "after its time": (until) => t("after its time, which was {until}", { until }),
  "at an hour that the clock does not know": () => t("at an hour that the clock does not know"),
  "after a power cut": () => t("after a power cut"),
  "after a shutdown": () => t("after a shutdown"),
  "after a wake test": () => t("after a wake test"),
  "the first start": () => t("the first start"),
  "without a wake": () => t("by hand or by returning power; no wake was set"),
};

export function night(status, now) {
  const s = status.sleep;
  const told = Boolean(s && s.woke && (now - new Date(s.woke)) / 1000 < TOLD_S);
  show("night", told);
  if (!told) return;
  say("night-was", was(s, now));
  say("night-reason", sentence(s.night.reason));
  say("night-stays", `${s.stays ? t("It stays on") : t("It goes back to sleep")}: ${stopped(s.stays_reason)}`);
  facts(byId("night-facts"), [
    [t("Woken"), wokenBy(s, now)],
    [t("SOC"), charge(s)],
    ...(s.failed_boots ? [[t("Starts that failed"), String(s.failed_boots)]] : []),
  ]);
}

function was(s, now) {
  const [began, woke] = [new Date(s.night.began), new Date(s.woke)];
  const often = s.night.went_back;
  const between = often ? ` ${tn("It woke once in between and went back to sleep.", "It woke {count} times in between and went back to sleep.", often)}` : "";
  return `${t("Slept from {began} to {woke}, {span}.", { began: when(began, now), woke: when(woke, now), span: span((woke - began) / 1000) })}${between}`;
}

function wokenBy(s, now) {
  const until = s.until ? when(new Date(s.until), now) : UNKNOWN;
  return Object.hasOwn(WOKEN, s.woke_by) ? WOKEN[s.woke_by](until) : s.woke_by;
}

/** In the middle of a sentence: its own first letter, but a full stop. */
function stopped(text) {
  const set = typeset(text);
  return set.endsWith(".") ? set : `${set}.`;
}

function charge(s) {
  return t("{before} before, {after} after", { before: percent(s.night.charge_pct), after: percent(s.charge_after_pct) });
}

/** The levels that are planned, how low the charge goes, and what sun is expected. */
export function outlook(status, now) {
  const o = status.outlook;
  const holds = Boolean(o && o.fresh && o.next_levels.length);
  show("outlook", holds);
  if (!holds) return;
  const at = (text) => when(new Date(text), now);
  const [first, ...later] = o.next_levels;
  const changes = later.slice(0, MOST_CHANGES).map((one) => t("{level} from {time}", { level: word(one.level), time: at(one.from) }));
  const end = later.length > MOST_CHANGES ? "" : t(" until {time}", { time: at(o.until) });
  const rise = status.summary.sunrise; // until then the first screen says how low it gets
  const beyond = !rise || new Date(o.lowest_at) > new Date(rise);
  const lowest = beyond ? ` ${t("Lowest SOC {charge} ({time}).", { charge: percent(o.lowest_charge_pct), time: at(o.lowest_at) })}` : "";
  say("outlook", `${t("Planned: {levels}{end}.", { levels: [word(first.level), ...changes].join(", "), end })}${lowest} ${sentence(o.about)}`.trim());
}
