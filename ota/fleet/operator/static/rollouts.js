// The rollouts: which release goes to whom, which wave it is at, and why it goes on or stands.

import { byId, make, show } from "./dom.js";
import { sentence } from "./words.js";

const CONDITIONS = ["committed", "waiting", "asleep", "silent", "failed"];
const FIRST = ["running", "paused", "stopped", "done"];
const MOST_SHOWN = 3;

export function rollouts(all) {
  show("rollouts-card", all.length > 0);
  const place = byId("rollouts");
  const text = JSON.stringify(all);
  if (place.dataset.shown === text) return;
  place.dataset.shown = text;
  const sorted = [...all].sort((one, other) => rank(one) - rank(other));
  place.replaceChildren(...sorted.slice(0, MOST_SHOWN).map(entry));
}

function rank({ definition }) {
  return FIRST.indexOf(definition.state);
}

function entry({ name, definition, counts }) {
  const { release, group, state, wave, waves = [], reason } = definition;
  const sums = sum(counts);
  return make("li", { class: "rollout", "data-state": state },
    make("p", { class: "rollout-head" },
      make("strong", {}, make("bdi", {}, release || name)), " to ", make("bdi", {}, group || "all"),
      make("span", { class: "rollout-state" }, state || "")),
    make("p", { class: "quiet" }, `Wave ${wave + 1} of ${waves.length}`, waves[wave] ? " (" : "", make("bdi", {}, waves[wave]?.name || ""), waves[wave] ? ")" : ""),
    bar(sums),
    make("p", { class: "quiet" }, CONDITIONS.filter((one) => sums[one]).map((one) => `${sums[one]} ${one}`).join(", ")),
    make("p", {}, sentence(state === "running" ? counts.outlook || reason : reason)));
}

function sum(counts) {
  const waves = Object.values(counts.waves || {});
  return Object.fromEntries(CONDITIONS.map((one) =>
    [one, waves.reduce((total, wave) => total + (wave[one] || 0), 0)]));
}

function bar(sums) {
  const total = CONDITIONS.reduce((sum, one) => sum + sums[one], 0);
  const place = make("span", { class: "shares", "aria-hidden": "true" });
  if (!total) return place;
  for (const one of CONDITIONS) {
    const part = make("i", { class: one });
    part.style.width = `${(100 * sums[one]) / total}%`;
    place.append(part);
  }
  return place;
}
