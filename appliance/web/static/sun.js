// The sun: what the panels give now, and what the charge controller does with it.

import { byId, facts, figure, say, show } from "./dom.js";
import { capital, fixed, typeset, UNKNOWN, watts, word } from "./words.js";
import { lastKnown, when } from "./times.js";
import { t } from "./translate.js";

const STAGES = {
  off: t("off"), bulk: t("bulk"), absorption: t("absorption"), float: t("float"), equalize: t("equalize"), fault: t("fault"),
};

export function sun(status, now) {
  const s = status.sun && status.sun.fresh ? status.sun : null;
  const stage = s ? word(s.charge_stage) : "";
  figure("sun-power", "sun-unit", s ? watts(s.pv_power_w) : null);
  say("sun-does", typeset(status.summary.flow.sun));
  say("sun-stage", stage ? capital(STAGES[stage] || stage) : UNKNOWN);
  say("sun-voltage", s ? fixed(s.pv_voltage_v, 1, "V") : UNKNOWN);
  facts(byId("sources"), status.sources.map((one) => [one.name, sourceWords(one, now)]));
  show("sources", status.sources.length > 0);
  say("sun-note", s ? "" : silent(status.sun, now));
}

/** A generator or shore power: what it does and why, and when it is planned to run next. */
function sourceWords(one, now) {
  const next = one.next_run ? t("; planned {when}", { when: when(new Date(one.next_run.starts), now) }) : "";
  return typeset(`${one.sentence}${next}`);
}

function silent(row, now) {
  return row ? lastKnown(row.at, now) : t("The charge controller has not been read yet.");
}
