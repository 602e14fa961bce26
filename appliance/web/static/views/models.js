// The detection models: a card for each; they change seldom.

import { byId, facts, make, say } from "../dom.js";
import { ask } from "../link.js";
import { start } from "../shell.js";
import { full } from "../times.js";
import { t, tn } from "../translate.js";
import { bytes, joules, processor, sentence, UNKNOWN } from "../words.js";

const AGAIN_MS = 300_000;
const WAIT_MS = 30_000;
let askedAt = -Infinity;

async function refresh() {
  if (performance.now() - askedAt < AGAIN_MS) return;
  const { models } = await ask("/api/models", WAIT_MS);
  askedAt = performance.now();
  const used = models.filter((one) => one.used_by.length).length;
  say("models-say", t("{all}; {used} in use.", { all: tn("{count} model", "{count} models", models.length), used }));
  byId("models").replaceChildren(...models.map(card));
}

function card(one, index) {
  const list = make("dl", { class: "facts" });
  facts(list, [
    [t("Used by"), one.used_by.join(", ") || t("nobody")],
    [t("Costs a frame"), joules(one.per_frame_j, one.measured)],
    ...(one.p95_ms === null ? [] : [[t("Takes, 95 % of frames"), `${one.p95_ms.toFixed(0)}\u00a0ms`]]),
    ...(one.provider ? [[t("Measured on"), processor(one.provider)]] : []),
    [t("Input"), one.input || UNKNOWN],
    [t("Size"), bytes(one.size_bytes)],
    [t("Licence of the weights"), one.licence || t("not said")],
    [t("Origin"), one.origin],
    [t("Trial here"), trial(one)],
    [t("Digest"), one.sha256.slice(0, 16)],
  ]);
  const id = `model-${index}`;
  return make("section", { class: ["card model", one.wrong && "wrong", one.used_by.length && "used"].filter(Boolean).join(" "), "aria-labelledby": id },
    make("h2", { id }, one.name),
    one.wrong ? make("p", { class: "warn" }, sentence(one.wrong)) : null,
    list,
    make("p", { class: "quiet" }, sentence(one.energy_is)),
    labels(one));
}

function trial(one) {
  if (one.examined_at) return t("passed {time}", { time: full(new Date(one.examined_at)) });
  return one.shipped ? t("examined before it was shipped") : t("not yet");
}

function labels(one) {
  if (!one.labels) return null;
  return make("details", {},
    make("summary", {}, tn("{count} label", "{count} labels", one.labels.length)),
    make("p", { class: "quiet" }, one.labels.join(", ")));
}

start({ also: refresh, everyMs: 30_000 });
