// Energy: a day of the past, why at a moment, the coming days, what if, and the history.

import { ahead } from "../ahead.js";
import { followDay, pastDay } from "../pastday.js";
import { history } from "../history.js";
import { followMoment } from "../whythen.js";
import { start } from "../shell.js";
import "../whatif.js";

let followed = false;

/** The address may name a day and a moment; their times need the zone of the unit's first answer. */
function follow() {
  if (followed) return;
  followed = true;
  followDay();
  followMoment();
}

start({ panels: [follow, pastDay, ahead, history], everyMs: 10000 });
