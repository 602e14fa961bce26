// The link to the unit: asks for JSON, and says in words when no answer comes.

import { byId, say, show } from "./dom.js";
import { span } from "./times.js";
import { language } from "./translate.js";

const TIMEOUT_MS = 6000;
let lostAt = null;
let reason = "";

/** JSON from the unit. Throws an Error whose message is a sentence. */
export async function ask(path) {
  let answer;
  try {
    answer = await fetch(path, { headers: { "Accept-Language": language }, signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch (error) {
    throw new Error("The unit does not answer.", { cause: error });
  }
  if (answer.ok) return answer.json();
  const refusal = await answer.json().catch(() => ({}));
  const reason = refusal.reason ? `The unit answers, but ${refusal.reason}.` : `The unit answers with error ${answer.status}.`;
  throw Object.assign(new Error(reason), { status: answer.status });
}

export function found() {
  lostAt = null;
  document.body.classList.remove("lost");
  document.body.classList.add("answered");
  show("link", false);
}

/** The figures are out of date from now on: grey them and say since when (this device's time). */
export function lost(error) {
  lostAt = lostAt || new Date();
  reason = error.message;
  document.body.classList.add("lost");
  sinceWhen();
  show("link", true);
}

/** How long there has been no answer: called each second. */
export function sinceWhen() {
  if (!lostAt) return;
  const since = lostAt.toTimeString().slice(0, 8);
  const old = document.body.classList.contains("answered") ? " The figures below are from before." : "";
  say("link-text", `${reason} No answer since ${since} (time of this device); the page tries again every few seconds.${old}`);
  say("link-age", `${span((new Date() - lostAt) / 1000)} ago.`);
}
