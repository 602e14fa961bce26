// When a camera was watched today and when not, and why.

import { make, say } from "./dom.js";
import { ask } from "./link.js";
import { clock } from "./times.js";
import { number, t } from "./translate.js";
import { sentence } from "./words.js";

const AGAIN_MS = 600_000;
const AFTER_FAILURE_MS = 10_000;
const SEEN = ["watched", "listened"];
const LEAST_H = 0.05;
let askedAt = -Infinity;

/** Called with each status: asks where it is time to, and tells each camera's card. */
export async function refreshCoverage(cards) {
  if (performance.now() - askedAt < AGAIN_MS) return;
  askedAt = performance.now();
  try {
    for (const day of (await ask("/api/cameras/coverage")).days) cards.get(day.camera)?.coverage.show(day);
  } catch {
    askedAt += AFTER_FAILURE_MS - AGAIN_MS; // the page already says that the link is lost
  }
}

export class CoverageList {
  constructor() {
    this.sum = make("p", { class: "quiet coverage-sum" });
    this.gaps = make("ul", { class: "gaps" });
    this.more = make("details", {}, make("summary", {}, t("When nothing was watched")), this.gaps);
    this.more.hidden = true;
    this.element = make("div", {}, this.sum, this.more);
  }

  show(day) {
    say(this.sum, sumOf(day));
    this.more.hidden = !day.gaps.length;
    this.gaps.replaceChildren(...day.gaps.map((gap) => make("li", {}, lineOf(gap))));
  }
}

function lineOf({ since, until, why, reason }) {
  return t("{since} to {until}: {why}", { since: clock(new Date(since)), until: clock(new Date(until)), why: reason ? [why, reason].join(", ") : why });
}

function sumOf(day) {
  const part = ([why, hours]) => `${why}\u00a0${number(hours.toFixed(1))}\u00a0h`;
  const missing = Object.entries(day.hours).filter(([why, hours]) => !SEEN.includes(why) && hours >= LEAST_H);
  const seen = SEEN.filter((why) => day.hours[why] >= LEAST_H).map((why) => part([why, day.hours[why]]));
  const gone = missing.length ? t("not watched {hours} h: {parts}", { hours: number(day.not_watched_h.toFixed(1)), parts: missing.map(part).join(", ") }) : "";
  const text = [...seen, gone].filter(Boolean).join(", ");
  return text ? sentence(t("today {parts}", { parts: text })) : "";
}
