// Erasing events: asks first, and says what has become of it.

import { byId, say } from "./dom.js";
import { post } from "./link.js";
import { t, tn } from "./translate.js";

let asking = new AbortController();

/**
 * Ask, then erase; resolves to what the unit answered, or null where the person keeps them. Who may not
 * act is led to the login before he is asked.
 */
export async function eraseAfterAsking(count, order) {
  const dialog = byId("confirm");
  if (!dialog.hasAttribute("data-can-act")) {
    location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
    return null;
  }
  say("confirm-title", tn("Erase {count} event?", "Erase {count} events?", count));
  say("confirm-yes", tn("Erase {count} event", "Erase {count} events", count));
  dialog.showModal();
  return (await listen(dialog)) === "yes" ? post("/api/events/erase", order) : null;
}

/** What is answered to this asking. The event "close" of the last one may come after this began. */
function listen(dialog) {
  asking.abort();
  asking = new AbortController();
  const { signal } = asking;
  return new Promise((done) => {
    dialog.addEventListener("submit", ({ submitter }) => done(submitter.value), { signal });
    dialog.addEventListener("close", () => { if (!dialog.open) done(""); }, { signal });
    signal.addEventListener("abort", () => done(""));
  });
}

/** What has become of it, in a sentence. */
export function sayErased({ events, remaining }) {
  if (remaining) return t("The events are erased; some of their pictures could not be deleted yet. The unit tries again at its next start.");
  return tn("{count} event was erased.", "{count} events were erased.", events);
}
