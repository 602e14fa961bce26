// The fleet's page: asks the server every half minute while somebody looks, at once when the question
// changes, and hands the answers to the parts.

import { ask, found, lost } from "./asking.js";
import { followAddress } from "./card.js";
import { say } from "./dom.js";
import { filters, startFilters } from "./filters.js";
import { drawLand, map, startMap } from "./map.js";
import { overview } from "./overview.js";
import { listArguments, onQuestion } from "./question.js";
import { refused } from "./refused.js";
import { rollouts } from "./rollouts.js";
import { startTable, table } from "./table.js";
import { clockSeconds, setUnitTime, siteZone, unitNow, useZone } from "./times.js";

const EVERY_MS = 30000;
let timer = null;
let turns = 0;
let fleet = null;

/** One round: all that is shown; an answer to an earlier question is not shown any more. */
async function turn() {
  clearTimeout(timer);
  turns += 1;
  const mine = turns;
  try {
    await Promise.all([refreshFleet(mine), refreshUnits(mine), refreshPlaces(mine), refreshRollouts(mine), refreshRefused(mine), followAddress()]);
    if (mine === turns) {
      found();
      say("updated", `Updated ${clockSeconds(new Date())}, ${siteZone()}`);
    }
  } catch (error) {
    if (mine === turns) lost(error);
    if (error.cause === undefined && error.status === undefined) throw error;
  } finally {
    if (mine === turns && document.visibilityState === "visible") timer = setTimeout(turn, EVERY_MS);
  }
}

async function refreshFleet(mine) {
  const answer = await ask("/api/v1/fleet");
  if (mine !== turns) return;
  fleet = answer;
  setUnitTime({ at: fleet.at, speed: 1 });
  overview(fleet);
  filters(fleet);
}

async function refreshUnits(mine) {
  const answer = await ask(`/api/v1/units?${listArguments()}`);
  if (mine !== turns) return;
  table(answer, fleet ? unitNow() : new Date());
}

async function refreshPlaces(mine) {
  const { places } = await ask(`/api/v1/places?${listArguments({ places: true })}`);
  if (mine === turns) map(places);
}

async function refreshRollouts(mine) {
  const answer = await ask("/api/v1/rollouts");
  if (mine === turns) rollouts(answer.rollouts);
}

async function refreshRefused(mine) {
  const { refusals } = await ask("/api/v1/refusals");
  if (mine === turns) refused(refusals);
}

async function begin() {
  useZone(Intl.DateTimeFormat().resolvedOptions().timeZone);
  setUnitTime({ at: new Date(), speed: 1 });
  startFilters();
  startTable();
  startMap();
  onQuestion(() => {
    if (fleet) overview(fleet);
    turn();
  });
  await turn();
  document.body.classList.remove("waiting");
  drawLand();
}

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") turn();
  else clearTimeout(timer);
});
begin();
