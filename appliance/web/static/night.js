// The night that passed: told for a day after the unit came back from sleep. And the days ahead.

import { byId, facts, say, show } from "./dom.js";
import { percent, sentence, typeset, UNKNOWN, word } from "./words.js";
import { span, when } from "./times.js";

const TOLD_S = 24 * 3600;
const MOST_CHANGES = 4;
const WOKEN = {
  "the clock of the computer": (until) => `by the computer's clock, as set for ${until}`,
  "before its time": (until) => `before its time, which was ${until}`,
  "after its time": (until) => `after its time, which was ${until}`,
  "without a wake": () => "by hand or by returning power; no wake was set",
};

export function night(status, now) {
  const s = status.sleep;
  const told = Boolean(s && s.woke && (now - new Date(s.woke)) / 1000 < TOLD_S);
  show("night", told);
  if (!told) return;
  say("night-was", was(s, now));
  say("night-reason", sentence(s.night.reason));
  say("night-stays", `${s.stays ? "It stays on" : "It goes back to sleep"}: ${stopped(s.stays_reason)}`);
  facts(byId("night-facts"), [
    ["Woken", wokenBy(s, now)],
    ["SOC", charge(s)],
    ...(s.failed_boots ? [["Starts that failed", String(s.failed_boots)]] : []),
  ]);
}

function was(s, now) {
  const [began, woke] = [new Date(s.night.began), new Date(s.woke)];
  const often = s.night.went_back;
  const between = often ? ` It woke ${often === 1 ? "once" : `${often} times`} in between and went back to sleep.` : "";
  return `Slept from ${when(began, now)} to ${when(woke, now)}, ${span((woke - began) / 1000)}.${between}`;
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
  return `${percent(s.night.charge_pct)} before, ${percent(s.charge_after_pct)} after`;
}

/** The levels that are planned, how low the charge goes, and what sun is expected. */
export function outlook(status, now) {
  const o = status.outlook;
  const holds = Boolean(o && o.fresh && o.next_levels.length);
  show("outlook", holds);
  if (!holds) return;
  const at = (text) => when(new Date(text), now);
  const [first, ...later] = o.next_levels;
  const changes = later.slice(0, MOST_CHANGES).map((one) => `${word(one.level)} from ${at(one.from)}`);
  const end = later.length > MOST_CHANGES ? "" : ` until ${at(o.until)}`;
  const rise = status.summary.sunrise; // until then the first screen says how low it gets
  const beyond = !rise || new Date(o.lowest_at) > new Date(rise);
  const lowest = beyond ? ` Lowest SOC ${percent(o.lowest_charge_pct)} (${at(o.lowest_at)}).` : "";
  say("outlook", `Planned: ${[word(first.level), ...changes].join(", ")}${end}.${lowest} ${sentence(o.about)}`.trim());
}
