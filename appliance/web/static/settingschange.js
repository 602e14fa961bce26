// One change of the settings: its preview in a dialog, "apply", and what became of it. The settings
// and the editor of zones both go this way; nothing else changes the file.

import { make } from "./dom.js";
import { ask, post } from "./link.js";
import { t, tn } from "./translate.js";
import { sentence } from "./words.js";

const POLL_MS = 1000;
const LONGEST_MS = 120_000; // the page itself starts anew meanwhile
const TRIES = 20;
const NONE = "–";

/**
 * Show what `wanted` ({base, changes} or {base, back}) would do, and make it if the person says so;
 * `reload` is called once it is made, before the person goes on. Returns what became of it ({ok, number, said} or {ok: false, reason, kind, key}), or null where it
 * was given up. Throws as `post` does where it cannot be previewed.
 */
export async function changeSettings(wanted, reload) {
  const preview = await post("/api/settings/preview", wanted);
  const dialog = openDialog(preview);
  const why = await decided(dialog);
  if (why === null) {
    close(dialog);
    return null;
  }
  const result = await carryOut(wanted, why, dialog);
  if (result.ok) await insist(reload);
  await told(dialog, result);
  close(dialog);
  return result;
}

/** Ask for a confirmation, or to take a change back; returns what became of it. */
export async function answerWaiting(action, number) {
  const { proposal } = await post(`/api/settings/${action}`, { number });
  return wait(proposal);
}

/** Until the page is back. */
async function insist(reload) {
  for (let tries = 0; tries < TRIES; tries += 1) {
    try {
      await reload();
      return;
    } catch {
      await new Promise((done) => setTimeout(done, POLL_MS));
    }
  }
}

async function carryOut(wanted, why, dialog) {
  say(dialog, t("The unit checks it once more and puts it in force. This page starts anew meanwhile."));
  try {
    const { proposal } = await post("/api/settings/apply", { ...wanted, why });
    return await wait(proposal);
  } catch (error) {
    return { ok: false, isKnown: Boolean(error.found), reason: error.message, kind: error.found?.kind, key: error.found?.key };
  }
}

async function wait(proposal) {
  const end = Date.now() + LONGEST_MS;
  while (Date.now() < end) {
    await new Promise((done) => setTimeout(done, POLL_MS));
    const found = await ask(`/api/settings/result/${proposal}`).catch((error) => error);
    if (found.state === "answered") return found.result;
    if (found.status === 404) break;
  }
  return { ok: false, isKnown: false, reason: t("it is not known what became of it: look at the list of the last changes") };
}

// --- the dialog ----------------------------------------------------------------------------------

function openDialog(preview) {
  const dialog = make("dialog", { id: "change", "aria-labelledby": "change-title" });
  dialog.append(
    make("h2", { id: "change-title" }, t("What would change")),
    make("ul", { class: "change-list" }, ...preview.keys.map(line)),
    ...preview.warnings.map((text) => make("p", { class: "warn" }, sentence(text))),
    ...confirmation(preview),
    make("p", { class: "quiet" }, restarts(preview.orders)),
    make("details", {}, make("summary", {}, t("The lines of the file")), lines(preview.diff)),
    make("label", { class: "why-field" }, t("Why (is recorded)"), make("input", { id: "change-why", maxlength: "200", autocomplete: "off" })),
    make("p", { id: "change-says", class: "does", role: "status" }),
    make("div", { class: "steps" },
      make("button", { id: "change-apply", type: "button", class: "tool strong" }, t("Apply")),
      make("button", { id: "change-cancel", type: "button", class: "tool" }, t("Cancel"))),
  );
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

function line(key) {
  return make("li", {},
    make("code", {}, key.key),
    make("span", {},
      make("span", { class: "was" }, format(key.before)), " → ",
      make("span", { class: "will" }, format(key.after))));
}

/** A value as a person reads it; a secret without itself. */
export function format(value) {
  if (value.is_secret) return `${[value.shown].flat().join(", ")} (${t("secret")})`;
  const shown = value.value;
  const origin = { default: t("default"), release: t("of the release") }[value.from];
  const text = shown === null || shown === "" || shown?.length === 0 ? NONE
    : typeof shown === "boolean" ? (shown ? t("yes") : t("no"))
    : typeof shown === "object" ? JSON.stringify(shown) : String(shown);
  return origin ? `${text} (${origin})` : text;
}

function confirmation(preview) {
  if (!preview.to_confirm.length) return [];
  const keys = preview.to_confirm.join(", ");
  return [make("p", { class: "warn" }, t("{keys} decides who reaches this page. Confirm it on the page within 5 minutes, else it is taken back by itself.", { keys }))];
}

function restarts(orders) {
  const names = orders.map((one) => (one.verb === "stop" ? t("{name} (stopped)", { name: one.title }) : one.title));
  return names.length ? t("Started anew: {names}.", { names: names.join(", ") }) : t("Nothing is started anew.");
}

function lines(diff) {
  const kinds = { "+": "plus", "-": "minus" };
  return make("pre", { class: "lines", tabindex: "0", "aria-label": t("The lines of the file, before and after") },
    ...diff.split("\n").map((text, number) => make("span", { class: (number > 1 && kinds[text[0]]) || "same" }, text || " ")));
}

/** The reason that was typed once "apply" is pressed; null where the person gave it up. */
function decided(dialog) {
  return new Promise((done) => {
    const on = (id, event, value) => dialog.querySelector(id).addEventListener(event, () => done(value()));
    on("#change-apply", "click", () => dialog.querySelector("#change-why").value);
    on("#change-cancel", "click", () => null);
    dialog.addEventListener("cancel", () => done(null));
  });
}

function say(dialog, text) {
  dialog.querySelector("#change-says").textContent = text;
  for (const one of dialog.querySelectorAll("button, input")) one.disabled = true;
}

/** What became of it, until the person has read it. */
async function told(dialog, result) {
  const apply = dialog.querySelector("#change-apply");
  const text = result.ok
    ? tn("Done: {count} thing followed.", "Done: {count} things followed.", result.said.length)
    : sentence(result.isKnown === false ? result.reason : t("Nothing was changed: {reason}", { reason: result.reason }));
  say(dialog, text);
  const said = make("ul", { class: "quiet" }, ...(result.said || []).map((one) => make("li", {}, sentence(one))));
  dialog.querySelector("#change-says").after(said);
  apply.hidden = true;
  const cancel = dialog.querySelector("#change-cancel");
  cancel.textContent = t("Close");
  cancel.disabled = false;
  cancel.focus();
  await new Promise((done) => {
    cancel.addEventListener("click", done);
    dialog.addEventListener("cancel", done);
  });
}

function close(dialog) {
  dialog.close();
  dialog.remove();
}
