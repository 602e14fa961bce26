// Figures and enum words as people read them; a figure never parts from its unit at a line's end.
// Unknown is the word "unknown", never 0.

import { number, t } from "./translate.js";

export const UNKNOWN = t("unknown");

export function known(value) {
  return value !== null && value !== undefined && !Number.isNaN(value);
}

/** A power without its unit: 0.4, 7.3, 231, 1240. */
export function watts(value) {
  if (!known(value)) return null;
  const size = Math.abs(value);
  const digits = size < 10 ? 1 : 0;
  const rounded = Number(value.toFixed(digits));
  return minus(rounded === 0 ? "0" : number(rounded.toFixed(digits)));
}

export function power(value) {
  return known(value) ? `${watts(value)}\u00a0W` : UNKNOWN;
}

/** An energy: 812 Wh, 1.38 kWh. */
export function energy(value) {
  if (!known(value)) return UNKNOWN;
  return value < 1000 ? `${Math.round(value)}\u00a0Wh` : `${number((value / 1000).toFixed(2))}\u00a0kWh`;
}

/** What an hour costs: 0.03 Wh, 3.1 Wh, 812 Wh; the small ones with more digits. */
export function costAnHour(wh) {
  const digits = wh === 0 ? 0 : wh < 0.1 ? 3 : wh < 1 ? 2 : wh < 100 ? 1 : 0;
  return t("{wh} Wh an hour", { wh: number(wh.toFixed(digits)) }).replaceAll(" ", "\u00a0");
}

export function joules(value, measured) {
  if (!known(value)) return UNKNOWN;
  const figure = value < 10 ? number(value.toFixed(1)) : String(Math.round(value));
  return `${figure}\u00a0J, ${measured ? t("measured") : t("modelled")}`;
}

export function percent(value, digits = 0) {
  return known(value) ? `${number(value.toFixed(digits))}\u00a0%` : UNKNOWN;
}

/** A share of one as percent: 0.873 -> 87 %. */
export function share(value) {
  return known(value) ? percent(value * 100) : UNKNOWN;
}

export function fixed(value, digits, unit) {
  return known(value) ? minus(`${number(value.toFixed(digits))}\u00a0${unit}`) : UNKNOWN;
}

export function signed(value, digits, unit) {
  if (!known(value)) return UNKNOWN;
  const text = fixed(Math.abs(value), digits, unit);
  if (Number(value.toFixed(digits)) === 0) return text;
  return (value > 0 ? "+" : "\u2212") + text;
}

export function bytes(value) {
  if (!known(value)) return UNKNOWN;
  const gigabytes = value / 1e9;
  if (gigabytes >= 10) return `${Math.round(gigabytes)}\u00a0GB`;
  return gigabytes >= 1 ? `${number(gigabytes.toFixed(1))}\u00a0GB` : `${Math.round(value / 1e6)}\u00a0MB`;
}

/** An enum word in lower case, whichever way it was written. */
export function word(value) {
  return known(value) ? String(value).toLowerCase() : "";
}

/** What a detector runs on, by ONNX Runtime's word: CPU, CUDA, TensorRT. */
export function processor(provider) {
  return (provider || UNKNOWN).replace("ExecutionProvider", "").replace("Tensorrt", "TensorRT");
}

export function capital(text) {
  return text ? text[0].toUpperCase() + text.slice(1) : text;
}

const UNIT = /(\d) (?=(?:%|[kM]?Wh?|[mk]?V|m?A|Ah|J|C|s|min|h|days?)(?![\w-]))/g;

/** A text of the unit as the page writes it: ±, and no figure parted from its unit. */
export function typeset(text) {
  return (text || "").replaceAll(" +- ", "\u00a0±\u00a0").replaceAll(UNIT, "$1\u00a0");
}

/** A sentence with its full stop. */
export function sentence(text) {
  const trimmed = capital(typeset(text).trim());
  return trimmed && !/[.!?]$/.test(trimmed) ? `${trimmed}.` : trimmed;
}

function minus(text) {
  return text.replace(/^-/, "\u2212");
}
