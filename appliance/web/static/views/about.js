// About the unit: who it is, which versions run, where it is reached, licences; services, computer.

import { byId, facts, make, say } from "../dom.js";
import { ask } from "../link.js";
import { computer, services } from "../services.js";
import { start } from "../shell.js";
import { full } from "../times.js";
import { t, tn } from "../translate.js";
import { sentence, UNKNOWN } from "../words.js";

let unit = null;
let licences = null;

async function load() {
  if (!unit) unit = await ask("/api/about");
  if (!licences) {
    licences = (await ask("/api/licences")).licences;
    listLicences();
  }
}

function draw(status) {
  if (!unit) return;
  const runs = status.update.running_release;
  facts(byId("identity"), [
    [t("Name"), unit.name],
    [t("Identity"), unit.identity || UNKNOWN],
    [t("Serial number"), unit.serial || t("not readable for the page")],
    [t("Release"), runs || t("as installed, without a release")],
    [t("Program"), unit.program || UNKNOWN],
    [t("Operating system"), unit.os || UNKNOWN],
    [t("Kernel"), unit.kernel],
    ["Python", unit.python],
    [t("Models in use"), unit.models.join(", ") || t("none")],
  ]);
  reach();
}

function reach() {
  const place = byId("addresses");
  const shown = JSON.stringify(unit.addresses);
  if (place.dataset.shown !== shown) {
    place.dataset.shown = shown;
    place.replaceChildren(...unit.addresses.map((one) => make("li", {}, address(one))));
  }
  const { certificate } = unit;
  facts(byId("certificate"), certificate ? [
    [t("Certificate (SHA-256)"), certificate.fingerprint],
    [t("Holds until"), full(new Date(certificate.ends))],
    [t("Unit's authority (SHA-256)"), certificate.authority_fingerprint],
  ] : []);
  say("certificate-note", note(certificate));
}

/** A link only where it is an address of a page. */
function address(text) {
  return /^https?:\/\//.test(text) ? make("a", { href: text, rel: "noreferrer" }, text) : text;
}

function note(certificate) {
  if (!certificate) return t("The unit has no certificate: the page is served without TLS.");
  if (certificate.trouble) return sentence(certificate.trouble);
  return certificate.is_owners ? t("The certificate is the owner's.") : t("The unit made it itself: compare these figures with those in your browser before you trust it.");
}

function listLicences() {
  const wanted = byId("licence-search").value.trim().toLowerCase();
  const found = licences.filter((one) => `${one.name} ${one.licence}`.toLowerCase().includes(wanted));
  say("licences-say", tn("{count} library", "{count} libraries", found.length));
  byId("licences").replaceChildren(...found.map((one) => make("tr", {},
    make("th", { scope: "row" }, one.name), make("td", {}, one.version), make("td", {}, one.licence))));
}

byId("licence-search").addEventListener("input", () => licences && listLicences());
start({ panels: [services, computer, draw], also: load, everyMs: 10_000 });
