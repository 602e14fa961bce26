// Times as the site reads them: the unit's time zone, the unit's clock, 24 hours.

import { locale, t, tn } from "./translate.js";

let zone = "UTC";
let formats = build(zone);

function build(timeZone) {
  const of = (options) => new Intl.DateTimeFormat(locale, { timeZone, hourCycle: "h23", ...options });
  return {
    clock: of({ hour: "2-digit", minute: "2-digit" }),
    seconds: of({ hour: "2-digit", minute: "2-digit", second: "2-digit" }),
    day: of({ year: "numeric", month: "2-digit", day: "2-digit" }),
    dayOf: of({ day: "numeric", month: "short" }),
    date: of({ weekday: "short", day: "numeric", month: "short" }),
    iso: new Intl.DateTimeFormat("sv-SE", { timeZone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" }),
    full: of({ day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" }),
  };
}

let told = null; // the unit's time when it answered last, this device's then, and how fast it runs

/** The unit has told its time; from now on it goes on here, also without an answer. */
export function setUnitTime({ at, speed }) {
  told = { at: new Date(at).getTime(), here: performance.now(), speed };
}

/** The unit's time now. */
export function unitNow() {
  return new Date(told.at + (performance.now() - told.here) * told.speed);
}

/** Show times in this IANA zone from now on; a zone that the browser does not know stays UTC. */
export function useZone(name) {
  if (name === zone) return;
  try {
    formats = build(name);
    zone = name;
  } catch {
    formats = build("UTC");
  }
}

export function siteZone() {
  return formats.clock.resolvedOptions().timeZone;
}

export function clock(moment) { return formats.clock.format(moment); }
export function clockSeconds(moment) { return formats.seconds.format(moment); }
export function date(moment) { return formats.date.format(moment); }
export function dayOf(moment) { return formats.dayOf.format(moment); }
export function full(moment) { return formats.full.format(moment); }

/** The day of the site that a moment lies in, as in a date field: 2026-04-15. */
export function siteDay(moment) {
  return formats.iso.format(moment).slice(0, 10);
}

/** A moment as in a field of date and time: 2026-04-15T03:10, time of the site. */
export function siteMoment(moment) {
  return formats.iso.format(moment).replace(" ", "T");
}

/** The day and time of a moment as seen from `now`: 14:03, yesterday 14:03, Mon 13 Apr 14:03. */
export function when(moment, now) {
  const time = formats.clock.format(moment);
  const days = [0, 1, -1].find((away) => sameDay(moment, new Date(now.getTime() - away * 86400e3)));
  if (days === undefined) return `${formats.date.format(moment)} ${time}`;
  return { 0: time, 1: t("yesterday {time}", { time }), "-1": t("tomorrow {time}", { time }) }[days];
}

/** A span in its two largest units: 40 s, 12 min, 2 h 5 min, 3 days 4 h. */
export function span(seconds) {
  const s = Math.max(0, Math.round(seconds));
  if (s < 90) return `${s}\u00a0s`;
  const minutes = Math.round(s / 60);
  if (minutes < 60) return `${minutes}\u00a0min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 ? `${hours}\u00a0h ${minutes % 60}\u00a0min` : `${hours}\u00a0h`;
  const days = Math.floor(hours / 24);
  const text = tn("{count} day", "{count} days", days).replaceAll(" ", "\u00a0");
  return hours % 24 ? `${text} ${hours % 24}\u00a0h` : text;
}

/** "last known 14:03, 2 h ago", for a row that no longer holds. */
export function lastKnown(at, now) {
  if (!at) return t("Never reported.");
  const moment = new Date(at);
  return t("Last report {time}, {span} ago.", { time: when(moment, now), span: span((now - moment) / 1000) });
}

function sameDay(one, other) {
  return formats.day.format(one) === formats.day.format(other);
}
