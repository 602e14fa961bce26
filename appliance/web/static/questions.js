// The questions of one step as a form: each with what the unit proposes, and from where it has that.

import { make } from "./dom.js";
import { t } from "./translate.js";
import { sentence } from "./words.js";

/** The field of a question; `typed`: what stood in it before (undefined: nothing). */
export function makeField(step, question, typed) {
  const id = `answer-${step}-${question.key}`.replaceAll(/[^\w-]/g, "-");
  const value = typed === undefined ? question.proposal : typed;
  const input = makeInput(question, value, id);
  input.dataset.key = question.key;
  const label = make("label", { for: id }, question.text + (question.unit ? ` (${question.unit})` : ""));
  const notes = [question.help, from(question), range(question)].filter(Boolean);
  const parts = question.kind === "confirm" ? [input, label] : [label, input];
  return make("div", { class: `field ${question.kind}` }, ...parts,
    ...notes.map((one) => make("p", { class: "quiet" }, sentence(one))));
}

function from(question) {
  if (question.proposal === null || question.proposal === undefined || !question.proposed_by) return "";
  return t("Proposed: {source}", { source: question.proposed_by });
}

function range(question) {
  if (question.at_least === null || question.at_most === null) return "";
  if (question.at_least === undefined || question.at_most === undefined) return "";
  return t("from {low} to {high}", { low: question.at_least, high: question.at_most });
}

function makeInput(question, value, id) {
  const common = { id, required: question.may_be_left_out || question.kind === "confirm" ? null : "" };
  if (question.kind === "confirm") {
    const box = make("input", { ...common, type: "checkbox" });
    box.checked = value === true;
    return box;
  }
  if (question.kind === "choice") {
    const given = question.may_be_left_out || !question.choices.includes(value) ? [""] : [];
    const select = make("select", common, ...[...given, ...question.choices].map((one) =>
      make("option", { value: one }, one === "" ? t("none") : one)));
    select.value = value ?? "";
    return select;
  }
  const input = make("input", { ...common, ...kinds[question.kind]?.(question), autocomplete: "off", spellcheck: "false" });
  if (question.kind !== "secret") input.value = shown(question, value);
  return input;
}

const kinds = {
  number: (question) => ({ type: "number", step: "any", min: question.at_least, max: question.at_most, inputmode: "decimal" }),
  secret: () => ({ type: "password" }),
  place: () => ({ type: "text", placeholder: "45.1234, 25.5678", inputmode: "text" }),
};

function shown(question, value) {
  if (value === null || value === undefined) return "";
  return Array.isArray(value) ? value.join(", ") : String(value);
}

/**
 * What a form says: by key; what is empty is left out, what is confirmed is listed. Throws an Error
 * with a sentence.
 */
export function readAnswers(form, questions) {
  const found = {};
  const confirmed = [];
  for (const question of questions) {
    const input = [...form.querySelectorAll("[data-key]")].find((one) => one.dataset.key === question.key);
    if (question.kind === "confirm") {
      if (input.checked) confirmed.push(question.key);
      continue;
    }
    const value = read(question, input);
    if (value !== null) found[question.key] = value;
  }
  return confirmed.length ? { ...found, confirmed } : found;
}

function read(question, input) {
  if (input.value.trim() === "") return null;
  if (question.kind === "number") return Number(input.value);
  if (question.kind !== "place") return input.value;
  const parts = input.value.split(/[,;\s]+/).filter(Boolean).map(Number);
  if (parts.length !== 2 || parts.some(Number.isNaN)) throw new Error(t("A place is two numbers: latitude and longitude, such as 45.1234, 25.5678."));
  return parts;
}

/** What stands in the fields now, so that a form made anew keeps it; secrets are kept, too, in memory. */
export function keepTyped(form) {
  return Object.fromEntries([...form.querySelectorAll("[data-key]")].map((one) =>
    [one.dataset.key, one.type === "checkbox" ? one.checked : one.value]));
}
