// The list of events, one page of it: cards in the order of the unit, newest first. It never holds more
// than a page; older and newer ones have addresses. A card that stays keeps its focus and its picture.

import { byId, make, say, show } from "./dom.js";
import { chosen, drawChosen, onErased } from "./eventacts.js";
import { address, filters, go, onChange } from "./eventaddress.js";
import { card, layOut, tellTime } from "./eventcard.js";
import { fillForm, fillWords } from "./eventfilters.js";
import { ask } from "./link.js";
import { timeline } from "./timeline.js";
import { date } from "./times.js";
import { t, tn } from "./translate.js";

const PAGE = 24;
const AGAIN_MS = 60_000; // events may be erased meanwhile, which no number tells
const AFTER_FAILURE_MS = 5000;
const KEPT = "events-scroll";
const items = new Map();
let shownFor = null;
let askedAt = -Infinity;
let failedAt = -Infinity;
let asked = 0;
let list = [];
let now = null;
let lastRow = 0;
let returns = performance.getEntriesByType("navigation")[0]?.type === "back_forward";

/** Called with each status and each second. */
export function events(status, unitNow) {
  now = unitNow;
  lastRow = status.events.last_row;
  const key = `${lastRow} ${status.events.newest?.event_id} ${status.events.last_24_h} ${date(now)}`;
  const isDue = key !== shownFor || performance.now() - askedAt > AGAIN_MS;
  if (isDue && performance.now() - failedAt > AFTER_FAILURE_MS) refresh(key);
  for (const event of list) tellTime(items.get(event.event_id), event, now);
}

async function refresh(key = shownFor) {
  shownFor = key;
  askedAt = performance.now();
  const mine = (asked += 1);
  const given = address();
  fillForm();
  fillWords();
  try {
    const words = filters(given);
    const [counts, found] = await Promise.all([ask(`/api/event-timeline?${words}`), askPage(given)]);
    if (mine !== asked) return; // another question came after this one
    say("events-trouble", "");
    if (given.after && found.length < PAGE) {
      go({ ...given, after: "", before: "" }, "replaceState"); // the newest page, and it may be full
      return;
    }
    timeline(counts, now);
    draw(given, found, counts.events);
  } catch (error) {
    if (mine !== asked) return;
    if (error.status === 400) say("events-trouble", error.message); // an address that was typed
    else shownFor = null; // asked again soon; the page already says what is wrong
    failedAt = performance.now();
  }
}

/** A page and one more, which says whether there is another one: the newest of newer ones. */
async function askPage(given) {
  const words = filters(given);
  words.set("limit", PAGE + 1);
  for (const name of ["before", "after"]) if (given[name]) words.set(name, given[name]);
  return ask(`/api/events?${words}`);
}

function draw(given, found, total) {
  const isMore = found.length > PAGE;
  list = given.after ? found.slice(-PAGE) : found.slice(0, PAGE);
  layOut(byId("events"), items, list, makeItem);
  for (const event of list) tellTime(items.get(event.event_id), event, now);
  say("events-say", tn("{count} event is stored that matches.", "{count} events are stored that match.", total));
  show("events-none", total === 0);
  lead("events-newest", given.before || given.after ? {} : null);
  lead("events-newer", given.before || (given.after && isMore) ? { after: list[0]?.cursor } : null);
  lead("events-older", list.length && (given.after || isMore) ? { before: list.at(-1).cursor } : null);
  drawChosen({ list, total, lastRow });
  keepPlace();
}

function makeItem(event) {
  const box = make("input", { type: "checkbox", value: event.event_id });
  box.checked = chosen.has(event.event_id);
  const text = t("Choose {label}, {camera}", { label: event.label, camera: event.camera });
  return make("li", {}, card(event, filters()), make("label", { class: "choose" }, box, make("span", { class: "unseen" }, text)));
}

/** Where a link leads: the same filters, another place in the list. */
function lead(id, place) {
  const link = byId(id);
  link.setAttribute("aria-disabled", String(!place));
  if (!place) {
    link.removeAttribute("href");
    return;
  }
  const words = filters();
  for (const [name, value] of Object.entries(place)) words.set(name, value);
  link.setAttribute("href", String(words) ? `?${words}` : location.pathname);
}

/** Back from an event: where the list was left, as soon as it is there and can be seen. */
function keepPlace() {
  if (!returns) return;
  if (document.body.classList.contains("waiting")) {
    requestAnimationFrame(keepPlace);
    return;
  }
  returns = false;
  const kept = JSON.parse(sessionStorage.getItem(KEPT) || "null");
  if (!kept || kept.address !== location.search) return;
  scrollTo(0, kept.y);
  items.get(kept.id)?.querySelector("a").focus({ preventScroll: true });
}

function leave() {
  const id = [...items].find(([, item]) => item.contains(document.activeElement))?.[0];
  try {
    sessionStorage.setItem(KEPT, JSON.stringify({ address: location.search, y: scrollY, id }));
  } catch {
    // A browser that keeps nothing: the list is shown from its top.
  }
}

for (const id of ["events-newest", "events-newer", "events-older"]) {
  byId(id).addEventListener("click", async (event) => {
    const link = event.currentTarget;
    if (!link.hasAttribute("href") || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    history.pushState(null, "", link.getAttribute("href"));
    await refresh();
    byId("events").scrollIntoView({ block: "start" });
    byId("events").querySelector("a")?.focus({ preventScroll: true });
  });
}
onChange(() => refresh());
onErased(() => refresh());
window.addEventListener("pagehide", leave);
