// What the phone or laptop in the technician's hand knows: its place, its time zone, its time. It is
// put into the fields of a step, where it can be looked at; nothing is sent by this, and nobody else
// is asked. A browser tells its place only over HTTPS or on the unit itself, and only when allowed.

import { make, say } from "./dom.js";
import { t } from "./translate.js";

const LATITUDE = "site.latitude_deg";
const LONGITUDE = "site.longitude_deg";
const ALTITUDE = "site.altitude_m";
const ZONE = "site.timezone";
const TIME = "clock.utc";
const WAIT_MS = 60_000;
const FAR_OFF_S = 120; // two clocks that are so near agree
const WHY_NOT = {
  1: () => t("This browser may not tell its place: allow it, or type the coordinates."),
  2: () => t("This device does not know its place: switch its location on, or type the coordinates."),
  3: () => t("This device found no place within a minute: go where it sees the sky, or type the coordinates."),
};

/** A button for what this device can fill in of these questions; null where it can fill in nothing. */
export function makeOffer(questions) {
  const keys = questions.filter((one) => one.kind !== "confirm").map((one) => one.key);
  if (keys.includes(TIME)) return offer(t("Use the time of this device"), (form) => fill(form, TIME, new Date().toISOString()));
  if (!keys.includes(LATITUDE) || !keys.includes(LONGITUDE)) return null;
  if (!window.isSecureContext || !navigator.geolocation) return null;
  return offer(t("Use the place of this device"), findPlace);
}

function offer(text, act) {
  const button = make("button", { type: "button", class: "tool own-place" }, text);
  const note = make("p", { class: "quiet", role: "status" });
  button.addEventListener("click", () => act(button.closest("form"), note));
  return make("div", { class: "field" }, button, note);
}

function findPlace(form, note) {
  say(note, t("Looking for the place of this device."));
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => take(form, note, coords),
    (error) => say(note, (WHY_NOT[error.code] || WHY_NOT[2])()),
    { enableHighAccuracy: true, timeout: WAIT_MS, maximumAge: 0 });
}

function take(form, note, coords) {
  fill(form, LATITUDE, coords.latitude.toFixed(5));
  fill(form, LONGITUDE, coords.longitude.toFixed(5));
  if (typeof coords.altitude === "number") fill(form, ALTITUDE, coords.altitude.toFixed(0));
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone) fill(form, ZONE, zone);
  say(note, t("The place of this device, to {n} m. Stand beside the unit.", { n: Math.ceil(coords.accuracy) }));
}

function fill(form, key, value) {
  const field = [...form.querySelectorAll("[data-key]")].find((one) => one.dataset.key === key);
  if (field) field.value = value;
}

/** A sentence where the unit's clock (`unitNow`, when it answered at `asked`) is far from this one's. */
export function sayDifference(unitNow, asked) {
  const off_s = unitNow ? Math.round((asked - Date.parse(unitNow)) / 1000) : 0;
  if (!Number.isFinite(off_s) || Math.abs(off_s) <= FAR_OFF_S) return null;
  const text = off_s > 0
    ? t("The clock of this device is {n} s ahead of the unit's.", { n: off_s })
    : t("The clock of this device is {n} s behind the unit's.", { n: -off_s });
  return make("p", { class: "warn clock-differs" }, text);
}
