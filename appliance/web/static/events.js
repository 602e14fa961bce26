// The newest events on the overview: six cards and a link to all of them. The list is asked for again
// when another event was stored; cards stay where they are, so that none loses the focus or its picture.

import { byId, make, say, show } from "./dom.js";
import { card, layOut, tellTime } from "./eventcard.js";
import { ask } from "./link.js";
import { date, when } from "./times.js";
import { t, tn } from "./translate.js";

const MOST = 6;
const cards = new Map();
const AGAIN_MS = 5000; // after a question that was not answered
let shownFor = null;
let failedAt = -Infinity;
let list = [];

export function events(status, now) {
  say("events-say", says(status.events, now));
  const { newest, last_row: last, last_24_h: number } = status.events;
  const key = `${last} ${newest && newest.event_id} ${number} ${date(now)}`;
  if (key !== shownFor && performance.now() - failedAt > AGAIN_MS) refresh(key, now);
  for (const event of list) tellTime(cards.get(event.event_id), event, now);
}

function says({ last_24_h: number, newest }, now) {
  if (!newest) return t("No events yet.");
  const last = when(new Date(newest.at), now);
  if (!number) return t("No events in the last 24 hours; the newest {when}.", { when: last });
  return tn("{count} event in the last 24 hours, the newest {when}.", "{count} events in the last 24 hours, the newest {when}.", number, { when: last });
}

async function refresh(key, now) {
  shownFor = key;
  try {
    const found = await ask(`/api/events?limit=${MOST}`);
    if (key !== shownFor) return; // another question came after this one
    list = found;
    layOut(byId("events"), cards, list, (event) => make("li", {}, card(event)));
    for (const event of list) tellTime(cards.get(event.event_id), event, now);
    show("events-none", list.length === 0);
  } catch {
    shownFor = null; // asked again soon; the page already says that the link is lost
    failedAt = performance.now();
  }
}
