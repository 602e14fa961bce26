// Asks the fleet's server for JSON, and says in words when no answer comes. What has not changed since
// the last answer is not sent again (ETag).

import { byId, say, show } from "./dom.js";
import { clockSeconds } from "./times.js";

const TIMEOUT_MS = 20000;
const kept = new Map(); // by address without its question: the last answer
let lostAt = null;

/** The answer; the same object again where nothing has changed. Throws an Error with a sentence. */
export async function ask(path) {
  const place = path.split("?")[0];
  const last = kept.get(place)?.path === path ? kept.get(place) : null;
  let answer;
  try {
    const headers = last ? { "If-None-Match": last.tag } : {};
    answer = await fetch(path, { headers, signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch (error) {
    throw new Error("The fleet's server does not answer.", { cause: error });
  }
  if (answer.status === 304) return last.value;
  if (!answer.ok) throw await refusal(answer);
  const value = await answer.json();
  kept.set(place, { path, tag: answer.headers.get("ETag"), value });
  return value;
}

async function refusal(answer) {
  const { reason } = await answer.json().catch(() => ({}));
  const text = reason ? `The fleet's server answers, but ${reason}.` : `The fleet's server answers with error ${answer.status}.`;
  return Object.assign(new Error(text), { status: answer.status });
}

export function found() {
  lostAt = null;
  document.body.classList.remove("lost");
  show("link", false);
}

/** The figures are out of date from now on: grey them and say since when. */
export function lost(error) {
  lostAt = lostAt || new Date();
  const isMisuse = error.status === 400;
  document.body.classList.toggle("lost", !isMisuse);
  const since = isMisuse ? "" : ` No answer since ${clockSeconds(lostAt)}; the page tries again every half minute.`;
  say("link-text", error.message + since);
  show("link", true);
  byId("updated").textContent = "";
}
