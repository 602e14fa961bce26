// The link to the unit: asks for JSON, and says in words when no answer comes.

import { byId, say, show } from "./dom.js";
import { span } from "./times.js";
import { language, t } from "./translate.js";

const TIMEOUT_MS = 6000;
let lostAt = null;
let reason = "";
let isOut = false; // nobody is logged in here any more

/** JSON from the unit. Throws an Error whose message is a sentence. `waitMs`: of a long calculation. */
export async function ask(path, waitMs = TIMEOUT_MS) {
  let answer;
  try {
    answer = await fetch(path, { headers: { "Accept-Language": language }, signal: AbortSignal.timeout(waitMs) });
  } catch (error) {
    throw new Error(t("The unit does not answer."), { cause: error });
  }
  if (answer.ok) return answer.json();
  const refusal = await answer.json().catch(() => ({}));
  const reason = refusal.reason ? t("The unit answers, but {reason}.", { reason: refusal.reason }) : t("The unit answers with error {status}.", { status: answer.status });
  throw Object.assign(new Error(reason), { status: answer.status });
}

/**
 * Order something: JSON to the unit, with what shows that this page itself sends it. Where nobody is
 * logged in (any more), what was typed is kept (`takeUnsent`) and the login is opened; it leads back
 * here. Throws an Error whose message is a sentence.
 */
export async function post(path, body = {}) {
  let answer = await send(path, body);
  if (answer.status === 403 && (await renewToken())) answer = await send(path, body);
  if (answer.status === 401) {
    keepUnsent(path, body);
    location.assign(loginAddress());
  }
  const found = await answer.json().catch(() => ({}));
  if (answer.ok) return found;
  throw Object.assign(new Error(found.reason || t("The unit answers with error {status}.", { status: answer.status })), { status: answer.status, found });
}

async function send(path, body) {
  try {
    return await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json", "Accept-Language": language, "X-CSRF-Token": token() },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch (error) {
    throw new Error(t("The unit does not answer, so it is not known whether that was done. Look, and try again."), { cause: error });
  }
}

/** The login that leads back here. */
function loginAddress() {
  return `/login?next=${encodeURIComponent(location.pathname + location.search + location.hash)}`;
}

function token() {
  return document.querySelector('meta[name="csrf-token"]')?.content || "";
}

/** This page may be older than the login: whether there is another token by now. */
async function renewToken() {
  const meta = document.querySelector('meta[name="csrf-token"]');
  const person = await ask("/api/person").catch(() => ({}));
  if (!meta || !person.csrf_token || person.csrf_token === meta.content) return false;
  meta.content = person.csrf_token;
  return true;
}

function keepUnsent(path, body) {
  try {
    sessionStorage.setItem(`unsent ${path}`, JSON.stringify(body));
  } catch {
    // A browser that keeps nothing: it is typed once more.
  }
}

/** What was to be sent there when a login was needed, for the form to show again; else null. */
export function takeUnsent(path) {
  try {
    const kept = sessionStorage.getItem(`unsent ${path}`);
    sessionStorage.removeItem(`unsent ${path}`);
    return kept && JSON.parse(kept);
  } catch {
    return null;
  }
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
  isOut = error.status === 401;
  reason = isOut ? t("Your login has ended.") : error.message;
  document.body.classList.add("lost");
  sinceWhen();
  show("link-login", isOut);
  if (isOut) byId("link-login").href = loginAddress();
  show("link", true);
}

/** How long there has been no answer: called each second. */
export function sinceWhen() {
  if (!lostAt) return;
  const since = lostAt.toTimeString().slice(0, 8);
  const old = document.body.classList.contains("answered") ? ` ${t("The figures below are from before.")}` : "";
  if (isOut) {
    say("link-text", reason + old);
    say("link-age", "");
    return;
  }
  say("link-text", `${reason} ${t("No answer since {since} (time of this device); the page tries again every few seconds.", { since })}${old}`);
  say("link-age", t("{span} ago.", { span: span((new Date() - lostAt) / 1000) }));
}
