// The loads: what is drawn now and by whom; each figure says whether it was measured or modelled.

import { byId, figure, make, say } from "./dom.js";
import { power, typeset, watts } from "./words.js";
import { t } from "./translate.js";

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
    make("span", { class: "name" }, nameOf(part.name)),
    make("span", { class: "digits amount" }, power(part.power_w)),
    make("span", { class: part.measured ? "mark measured" : "mark modelled" },
      part.measured ? t("measured") : t("modelled")),
    bar);
}

/** The loads that are not named by the settings have words of ours. */
function nameOf(name) {
  const own = { computer: t("computer"), inference: t("inference") };
  if (Object.hasOwn(own, name)) return own[name];
  return name.startsWith("camera ") ? t("camera {name}", { name: name.slice("camera ".length) }) : name;
}
