// The faults: on the first screen while there are any.

import { byId, make, show } from "./dom.js";
import { sentence } from "./words.js";
import { when } from "./times.js";
import { t } from "./translate.js";

export function faults(status, now) {
  const open = status.faults;
  show("faults", open.length > 0);
  const place = byId("faults");
  // When it began is part of what is shown: raised again it is another one, and at midnight
  // "23:50" becomes "yesterday 23:50".
  const shown = JSON.stringify(open.map((fault) =>
    [fault.code, fault.source, fault.text, since(fault, now)]));
  if (place.dataset.shown === shown) return;
  place.dataset.shown = shown;
  place.replaceChildren(...open.map((fault) => card(fault, now)));
}

function card(fault, now) {
  return make("article", { class: "fault" },
    make("p", { class: "fault-head" },
      make("strong", {}, t("Fault")), ` ${t("{source}, since {time}", { source: fault.source, time: since(fault, now) })}`),
    make("p", { class: "fault-text" }, sentence(fault.text)));
}

function since(fault, now) {
  return when(new Date(fault.since), now);
}
