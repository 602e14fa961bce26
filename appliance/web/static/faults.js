// The faults: on top while there are any, else one quiet line.

import { byId, make, say, show } from "./dom.js";
import { sentence } from "./words.js";
import { when } from "./times.js";

export function faults(status, now) {
  const open = status.faults;
  show("faults", open.length > 0);
  say("no-faults", open.length ? "" : "No faults.");
  const place = byId("faults");
  // When it began is part of what is shown: raised again it is another one, and at midnight
  // "23:50" becomes "yesterday 23:50".
  const shown = JSON.stringify(open.map((fault) =>
    [fault.code, fault.source, fault.text, when(new Date(fault.since), now)]));
  if (place.dataset.shown === shown) return;
  place.dataset.shown = shown;
  place.replaceChildren(...open.map((fault) => card(fault, now)));
}

function card(fault, now) {
  const since = new Date(fault.since);
  return make("article", { class: "fault" },
    make("p", { class: "fault-head" },
      make("strong", {}, "Fault"), ` ${fault.source}, since ${when(since, now)}`),
    make("p", { class: "fault-text" }, sentence(fault.text)));
}
