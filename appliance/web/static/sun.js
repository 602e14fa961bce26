// The sun: what the panels give now, what the charge controller does with it, and today's sum.

import { figure, say } from "./dom.js";
import { capital, energy, fixed, typeset, UNKNOWN, watts, word } from "./words.js";
import { lastKnown } from "./times.js";

export function sun(status, now) {
  const s = status.sun && status.sun.fresh ? status.sun : null;
  const stage = s ? word(s.charge_stage) : "";
  figure("sun-power", "sun-unit", s ? watts(s.pv_power_w) : null);
  say("sun-does", typeset(status.summary.flow.sun));
  say("sun-today", s ? energy(s.yield_today_wh) : UNKNOWN);
  say("sun-stage", stage ? capital(stage) : UNKNOWN);
  say("sun-voltage", s ? fixed(s.pv_voltage_v, 1, "V") : UNKNOWN);
  say("sun-note", s ? "" : silent(status.sun, now));
}

function silent(row, now) {
  return row ? lastKnown(row.at, now) : "The charge controller has not been read yet.";
}
