// The editor of a camera's zones: picture, shapes, preview.

import { byId, say, show } from "../dom.js";
import { ask } from "../link.js";
import { changeSettings } from "../settingschange.js";
import { start } from "../shell.js";
import { t } from "../translate.js";
import { sentence } from "../words.js";
import { setAspect } from "../zonedraw.js";
import { drawPanel } from "../zonelist.js";
import * as zones from "../zones.js";

const camera = document.querySelector(".editor").dataset.camera;
const still = byId("still");
let found = null;

async function load() {
  found = await ask(`/api/cameras/${encodeURIComponent(camera)}/shapes`);
  zones.begin(camera, found, tell);
  if (found.snapshot && still.hidden) still.src = found.snapshot;
}

function tell() {
  const has = Object.keys(zones.listChanges()).length > 0;
  byId("save").disabled = byId("drop").disabled = !has;
  drawPanel();
}

function complain(text) {
  show("zones-says", Boolean(text));
  say("zones-says", text ? sentence(text) : "");
}

async function save() {
  complain("");
  try {
    const result = await changeSettings({ base: found.version, changes: zones.listChanges() }, load);
    if (result && !result.ok) complain(result.reason);
  } catch (error) {
    zones.chooseKey(error.found?.key);
    complain(error.message);
    if (error.status === 409) found.version = (await ask(`/api/cameras/${encodeURIComponent(camera)}/shapes`)).version;
  }
}

still.addEventListener("load", () => {
  setAspect(still.naturalWidth / still.naturalHeight);
  show(still, true);
  show("still-none", false);
  zones.redraw();
});
still.addEventListener("error", async () => {
  const answer = await fetch(still.src).catch(() => null);
  const refusal = await answer?.json().catch(() => ({}));
  say("still-says", sentence(refusal?.reason || t("This picture is not there any more.")));
});
byId("still-now").addEventListener("click", () => {
  say("still-says", "");
  still.src = `/camera/${encodeURIComponent(camera)}.jpg?${Date.now()}`;
});
for (const kind of ["zone", "line", "privacy", "motion"]) byId(`new-${kind}`).addEventListener("click", () => zones.add(kind));
byId("undo").addEventListener("click", zones.undo);
byId("save").addEventListener("click", save);
byId("drop").addEventListener("click", () => load().catch((error) => complain(error.message)));
setAspect(4 / 3);

let loaded = false;
start({
  everyMs: 30000,
  also: async () => {
    if (loaded) return;
    loaded = true;
    await load().catch((error) => {
      loaded = false;
      throw error;
    });
  },
});
