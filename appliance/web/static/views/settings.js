// Settings: the form, what is not saved yet, the preview, and the last changes.

import { byId, say, show } from "../dom.js";
import { ask, takeUnsent } from "../link.js";
import { changeSettings } from "../settingschange.js";
import { drawForm, drafts, dropDrafts, markWrong, restore } from "../settingsform.js";
import { drawHistory, followWaiting, tellLeft } from "../settingshistory.js";
import { start } from "../shell.js";
import { t, tn } from "../translate.js";
import { sentence } from "../words.js";

const PREVIEW = "/api/settings/preview";
let version = "";

/** The form and the list as they are now; what was typed stays. */
async function load() {
  const found = await ask("/api/settings");
  version = found.version;
  complain(found.fault);
  drawForm(found.sections, count);
  await drawHistory(goBack);
}

function complain(text) {
  show("form-says", Boolean(text));
  say("form-says", text ? sentence(text) : "");
}

function count() {
  const changes = Object.keys(drafts()).length;
  show("unsaved", changes > 0);
  say("unsaved-says", tn("{count} unsaved change", "{count} unsaved changes", changes));
}

async function preview(wanted) {
  markWrong(null);
  complain("");
  try {
    const result = await changeSettings({ base: version, ...wanted }, async () => {
      if (wanted.changes) dropDrafts();
      await load();
    });
    if (result === null || result.ok) return;
    await load().catch(() => {});
    refuse(result.reason, result.key);
  } catch (error) {
    if (error.status === 409) await load().catch(() => {});
    refuse(error.message, error.found?.key);
  }
}

function refuse(text, key) {
  complain(text);
  if (!markWrong(key, text)) byId("form-says").scrollIntoView({ block: "center" });
}

function goBack(number) {
  if (Object.keys(drafts()).length) complain(t("Save or discard what you have changed first."));
  else preview({ back: number });
}

byId("unsaved-show").addEventListener("click", () => preview({ changes: drafts() }));
byId("unsaved-drop").addEventListener("click", () => {
  dropDrafts();
  load().catch((error) => complain(error.message));
});
followWaiting(async (error) => {
  await load();
  complain(error?.message);
});

restore(takeUnsent(PREVIEW)?.changes);
let loaded = false;
start({
  panels: [tellLeft],
  everyMs: 10000,
  also: async () => {
    if (loaded) return;
    loaded = true;
    await load().catch((error) => {
      loaded = false;
      throw error;
    });
  },
});
