// The loads: what is drawn now and by whom; each figure says whether it was measured or modelled.

import { byId, figure, make, say } from "./dom.js";
import { power, typeset, watts } from "./words.js";

export function load(status) {
  const { power_w: total, parts } = status.load;
  figure("load-power", "load-unit", watts(total));
  say("load-does", typeset(status.summary.flow.load));
  const shown = JSON.stringify(parts);
  const list = byId("load-parts");
  if (list.dataset.shown === shown) return;
  list.dataset.shown = shown;
  const most = Math.max(...parts.map((part) => part.power_w || 0), 0.001);
  list.replaceChildren(...parts.map((part) => row(part, most)));
}

function row(part, most) {
  const bar = make("span", { class: "bar", "aria-hidden": "true" }, make("i"));
  bar.firstChild.style.width = `${Math.max(0, (100 * (part.power_w || 0)) / most)}%`;
  return make("li", {},
    make("span", { class: "name" }, part.name),
    make("span", { class: "digits amount" }, power(part.power_w)),
    make("span", { class: part.measured ? "mark measured" : "mark modelled" },
      part.measured ? "measured" : "modelled"),
    bar);
}
