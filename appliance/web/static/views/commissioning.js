// Setting the unit up: each step with its state, what it asks and what it found. The state is the
// unit's: this page may be closed at any moment, and opened again by somebody else.
// Never asks while hidden, and never keeps an answer longer than this page is open.

import { byId, make, say, show } from "../dom.js";
import { ask, found as answered, lost, post } from "../link.js";
import { makeOffer, sayDifference } from "../ownplace.js";
import { keepTyped, makeField, readAnswers } from "../questions.js";
import { t } from "../translate.js";
import { sentence } from "../words.js";

const QUICK_MS = 1000;
const SLOW_MS = 10_000;
const SILENT_MS = 10_000; // an order that nobody works at any more, and that has no answer
const ORDER = "/api/commissioning/order";
const STATES = {
  done: () => t("done"),
  to_do: () => t("to do"),
  needs_answer: () => t("asks"),
  blocked: () => t("blocked"),
  skipped: () => t("left out"),
};
const PART = "replaced_"; // begins the name of a step that is about one part
const list = byId("steps");
const parts = byId("parts");
const isPart = (step) => step.name.startsWith(PART);
const canAct = list.dataset.canAct === "1";
const typed = {};
const given = {}; // answers of a step that asks in rounds, until it is done
let state = null;
let asked = 0; // when the state came, by this device's clock
let timer = null;
let mine = null; // the last order from here
let busyAt = 0; // when somebody was last at work

async function refresh() {
  clearTimeout(timer);
  try {
    state = await ask("/api/commissioning");
    asked = Date.now();
    answered();
    if (isBusy()) busyAt = performance.now();
    draw();
  } catch (error) {
    lost(error);
  }
  document.body.classList.remove("waiting");
  if (document.visibilityState === "visible") timer = setTimeout(refresh, isBusy() ? QUICK_MS : SLOW_MS);
}

function isBusy() {
  return Boolean(state && (state.waits || state.busy));
}

function draw() {
  say("commissioning-says", headline());
  for (const step of state.steps) if (step.status === "done") delete given[step.name];
  redraw();
  for (const button of document.querySelectorAll("#look, #steps button, #parts button")) button.disabled = !canAct || isBusy();
}

function redraw() {
  const shown = JSON.stringify([state.steps, state.running]);
  if (list.dataset.shown === shown) return;
  list.dataset.shown = shown;
  const focused = document.activeElement?.id;
  for (const form of document.querySelectorAll("#steps form, #parts form")) typed[form.dataset.step] = keepTyped(form);
  list.replaceChildren(...state.steps.filter((step) => !isPart(step)).map(makeStep));
  const walks = state.steps.filter(isPart);
  parts.replaceChildren(...walks.map(makeStep));
  show(byId("replaced"), walks.length > 0);
  if (walks.some((step) => step.status === "to_do" || step.name === state.running)) byId("replaced").open = true;
  if (focused) byId(focused)?.focus();
}

function headline() {
  if (isBusy()) {
    const one = state.steps.find((step) => step.name === state.running);
    return one ? t("At work: {step}.", { step: one.title }) : t("At work.");
  }
  if (mine && state.order !== mine && performance.now() - busyAt > SILENT_MS)
    return t("The order has ended without an answer. Give it again; why it ended is in: journalctl -u appliance-provision");
  if (state.said) return sentence(state.said);
  if (state.trouble) return sentence(state.trouble);
  const open = state.steps.filter((step) => !isPart(step) && !["done", "skipped"].includes(step.status));
  return open.length ? t("Next: {step}.", { step: open[0].title }) : t("Everything is set up.");
}

function makeStep(step) {
  const word = STATES[step.status]?.() ?? step.status;
  return make("li", { class: `card step ${step.status}`, "data-step": step.name },
    make("div", { class: "step-head" }, make("h3", {}, step.title), make("span", { class: "step-state" }, word)),
    make("p", { class: "reason" }, sentence(step.reason || "")),
    ...(step.warnings || []).map((one) => make("p", { class: "warn" }, sentence(one))),
    makeForm(step), makeFacts(step));
}

function makeForm(step) {
  if (!canAct) return null;
  const questions = step.questions || [];
  const before = typed[step.name] || {};
  const word = step.status === "done" ? t("Do this step again") : t("Do this step");
  const form = make("form", { "data-step": step.name },
    ...questions.map((one) => makeField(step.name, one, before[one.key])),
    makeOffer(questions), step.name === "clock" ? sayDifference(state.now, asked) : null,
    make("p", { class: "said", role: "alert", hidden: "" }),
    make("button", { type: "submit", class: "tool" }, word));
  form.addEventListener("submit", (press) => {
    press.preventDefault();
    void give(step, form);
  });
  return form;
}

function makeFacts(step) {
  const rows = Object.entries(step.facts || {});
  if (!rows.length) return null;
  return make("details", {}, make("summary", {}, t("What was found")),
    make("dl", { class: "facts" }, ...rows.map(([name, value]) =>
      make("div", {}, make("dt", {}, name.replaceAll("_", " ")), make("dd", {}, typeof value === "object" ? JSON.stringify(value) : sentence(String(value)))))));
}

async function give(step, form) {
  const place = form.querySelector(".said");
  try {
    const answers = readAnswers(form, step.questions || []);
    const confirmed = [...(given[step.name]?.confirmed || []), ...(answers.confirmed || [])];
    given[step.name] = { ...given[step.name], ...answers, ...(confirmed.length ? { confirmed } : {}) };
    await order(step.name, given[step.name]);
    show(place, false);
    delete typed[step.name];
  } catch (error) {
    say(place, error.message);
    show(place, true);
  }
}

async function order(step, answers) {
  clearTimeout(timer);
  state = { ...(state || { steps: [] }), waits: true }; // before the answer: one press, one order
  draw();
  try {
    mine = (await post(ORDER, { step, answers })).order;
    busyAt = performance.now();
  } finally {
    timer = setTimeout(refresh, QUICK_MS);
  }
}

byId("look").addEventListener("click", async () => {
  try {
    await order("", {});
    show("order-says", false);
  } catch (error) {
    say("order-says", error.message);
    show("order-says", true);
  }
});
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") void refresh();
  else clearTimeout(timer);
});
void refresh();
