// What was refused, and what to do about it: of one unit on its card, of all of them below the table.

import { REFUSED } from "./advice.js";
import { byId, make, say, show } from "./dom.js";
import { unitNow, when } from "./times.js";
import { count } from "./counts.js";
import { sentence } from "./words.js";

let shown = null;

/** One refusal as an entry of a list; `name`: whether it says whose it was. */
export function refusal(one, now, { name = false } = {}) {
  const whose = name ? [make("bdi", {}, one.unit_name || "no name"), ": "] : [];
  const last = when(new Date(one.last_at), now);
  return make("li", {},
    make("p", {}, ...whose, make("strong", {}, make("bdi", {}, one.reason_code)), `, ${count(one.count, "time", "times")}, last ${last} from ${one.address || "an unknown address"}`),
    make("p", {}, make("bdi", {}, sentence(one.text))),
    REFUSED[one.reason_code] ? make("p", { class: "quiet" }, REFUSED[one.reason_code]) : null);
}

/** The answer of /api/v1/refusals. */
export function refused(all) {
  if (all === shown) return;
  shown = all;
  show("refused-card", all.length > 0);
  say("refused-count", count(all.length, "unit and reason", "units and reasons"));
  byId("refused").replaceChildren(...all.map((one) => refusal(one, unitNow(), { name: true })));
}
