// What each service says about itself, and the computer they run on.

import { byId, facts, make, say } from "./dom.js";
import { bytes, fixed, known, percent, power, sentence, UNKNOWN } from "./words.js";
import { t, tn } from "./translate.js";
import { lastKnown, when } from "./times.js";

export function services(status, now) {
  const list = byId("services");
  const shown = JSON.stringify(status.services.map((one) => [one, one.fresh ? when(new Date(one.at), now) : lastKnown(one.at, now)]));
  if (list.dataset.shown === shown) return;
  list.dataset.shown = shown;
  list.replaceChildren(...status.services.map((service) => row(service, now)));
}

function row(service, now) {
  const state = service.fresh ? "well" : service.at ? "silent" : "never";
  const reported = { well: t("reported {when}", { when: service.at ? when(new Date(service.at), now) : "" }), silent: t("silent"), never: t("never reported") }[state];
  return make("li", { class: state },
    make("p", { class: "service-head" }, make("strong", {}, service.service), make("span", { class: "reported" }, reported)),
    make("p", {}, sentence(service.status)),
    state === "silent" ? make("p", { class: "quiet" }, lastKnown(service.at, now)) : null);
}

/** How many services report, and how many faults there are. */
export function servicesInShort(status) {
  const silent = status.services.filter((one) => !one.fresh).map((one) => one.service);
  const told = silent.length
    ? t("{silent} of {all} services are silent: {names}.", { silent: silent.length, all: status.services.length, names: silent.join(", ") })
    : tn("{count} service reports.", "All {count} services report.", status.services.length);
  const faults = tn("{count} fault.", "{count} faults.", status.faults.length);
  say("services-say", `${told} ${faults}`);
}

export function computer(status, now) {
  const c = status.computer && status.computer.fresh ? status.computer : null;
  facts(byId("computer"), [
    [t("Hottest part"), c ? hottest(c) : UNKNOWN],
    [t("Draw"), c ? `${power(c.power_w)}, ${c.power_measured ? t("measured") : t("modelled")}` : UNKNOWN],
    [t("Disk free"), c ? disk(c) : UNKNOWN],
    [t("Memory free"), c ? bytes(c.memory_available_bytes) : UNKNOWN],
    ...status.gpus.map(gpu),
  ]);
  say("computer-note", c ? "" : lastKnown(status.computer && status.computer.at, now));
}

function hottest(c) {
  const degrees = fixed(c.hottest_temperature_c, 0, "°C");
  return c.hottest_zone ? `${degrees}, ${c.hottest_zone}` : degrees;
}

function disk(c) {
  return known(c.disk_used_pct) ? t("{free}, {share} used", { free: bytes(c.disk_free_bytes), share: percent(c.disk_used_pct) }) : bytes(c.disk_free_bytes);
}

function gpu(one) {
  if (!one.fresh) return [`GPU ${one.gpu}`, UNKNOWN];
  const parts = [
    known(one.power_w) && power(one.power_w),
    known(one.temperature_c) && fixed(one.temperature_c, 0, "°C"),
    known(one.utilisation_pct) && t("{share} busy", { share: percent(one.utilisation_pct) }),
  ].filter(Boolean);
  return [`GPU ${one.gpu}`, parts.join(", ") || UNKNOWN];
}
