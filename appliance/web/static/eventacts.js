// What can be done with the events of a list: choose some, export them, erase them. Only a technician
// erases, and is asked first; what is stored meanwhile stays.

import { byId, say, show } from "./dom.js";
import { filters } from "./eventaddress.js";
import { eraseAfterAsking, sayErased } from "./erasing.js";
import { t, tn } from "./translate.js";

const MOST_CHOSEN = 200;
export const chosen = new Set();
let listed = { list: [], total: 0, lastRow: 0 };
let erased = () => {};

export function onErased(then) {
  erased = then;
}

/** Called with what is listed now. */
export function drawChosen(now = listed) {
  listed = now;
  const isChoosing = document.body.classList.contains("choosing");
  const isSome = isChoosing && chosen.size > 0;
  byId("choose").setAttribute("aria-pressed", String(isChoosing));
  say("chosen", isChoosing ? tn("{count} chosen", "{count} chosen", chosen.size) : "");
  const words = isSome ? new URLSearchParams([...chosen].map((id) => ["id", id])) : filters();
  byId("export").setAttribute("href", `/api/event-export?${words}`);
  say("export", isSome ? tn("Export {count}", "Export {count}", chosen.size) : t("Export all"));
  say("erase", isSome ? tn("Erase {count}", "Erase {count}", chosen.size) : t("Erase all"));
  for (const id of ["export", "erase"]) show(id, listed.total > 0);
}

async function erase() {
  const isSome = document.body.classList.contains("choosing") && chosen.size > 0;
  const count = isSome ? chosen.size : listed.total;
  const order = isSome ? { ids: [...chosen] } : { filter: String(filters()), last_row: listed.lastRow, events: count };
  try {
    const answer = await eraseAfterAsking(count, order);
    if (!answer) return;
    chosen.clear();
    say("acts-say", sayErased(answer));
  } catch (error) {
    say("acts-say", error.message);
  }
  erased();
}

byId("choose").addEventListener("click", () => {
  const isChoosing = document.body.classList.toggle("choosing");
  if (!isChoosing) chosen.clear();
  for (const box of byId("events").querySelectorAll("input")) box.checked = chosen.has(box.value);
  drawChosen();
});
byId("erase").addEventListener("click", erase);
byId("events").addEventListener("change", ({ target }) => {
  if (target.checked && chosen.size >= MOST_CHOSEN) target.checked = false;
  else if (target.checked) chosen.add(target.value);
  else chosen.delete(target.value);
  drawChosen();
});
