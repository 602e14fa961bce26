// The first screen: is all well, and will it last? The sentences are the unit's own; the bar shows the
// charge now, and the one that is expected at sunrise.

import { byId, say } from "./dom.js";
import { known, percent, typeset } from "./words.js";
import { t } from "./translate.js";

export function summary(status) {
  const { state, verdict, lasts, charge_at_sunrise_pct: later, follows_plan: plan } = status.summary;
  byId("summary").dataset.state = state;
  say("verdict", typeset(verdict));
  say("lasts", typeset(lasts));
  const battery = status.battery && status.battery.fresh ? status.battery : null;
  gauge(battery ? battery.state_of_charge_pct : null, battery ? battery.sigma_pct : null);
  sunrise(later);
  // The thresholds of the settings count only where there is no plan; below "off" the guard acts always.
  for (const rung of document.querySelectorAll("#gauge .rung")) rung.setAttribute("visibility", plan ? "hidden" : "visible");
}

function gauge(charge, sigma) {
  const value = known(charge) ? clamp(charge) : 0;
  const spread = known(charge) && known(sigma) ? sigma : 0;
  const from = clamp(value - spread);
  byId("gauge-fill").setAttribute("width", `${value}%`);
  byId("gauge-sigma").setAttribute("x", `${from}%`);
  byId("gauge-sigma").setAttribute("width", `${clamp(value + spread) - from}%`);
  byId("gauge").setAttribute("aria-label",
    known(charge) ? t("State of charge {charge}, {doubt}", { charge: percent(charge), doubt: doubtWords(sigma) }) : t("State of charge unknown"));
}

function sunrise(charge) {
  const mark = byId("gauge-sunrise");
  mark.setAttribute("visibility", known(charge) ? "visible" : "hidden");
  if (!known(charge)) return;
  const [line, text] = mark.children;
  for (const name of ["x1", "x2"]) line.setAttribute(name, `${charge}%`);
  text.setAttribute("x", `${charge}%`);
  text.setAttribute("text-anchor", charge < 20 ? "start" : charge > 80 ? "end" : "middle");
}

/** A standard deviation in words: 2 %, or 0.4 %. */
export function doubt(sigma) {
  return sigma < 0.95 ? percent(Math.max(sigma, 0.1), 1) : percent(sigma);
}

function doubtWords(sigma) {
  return known(sigma) ? t("plus or minus {sigma}", { sigma: doubt(sigma) }) : t("of unknown uncertainty");
}

function clamp(value) {
  return Math.min(100, Math.max(0, value));
}
