// What a technician orders of a camera, or of all: pause, mute, off, for how long; and the end of it.

import { make, say } from "./dom.js";
import { post } from "./link.js";
import { turn } from "./shell.js";
import { t } from "./translate.js";

const SPANS = ["30m", "2h", "8h", "24h", ""];

function spanSays(span) {
  return { "30m": t("for 30 min"), "2h": t("for 2 h"), "8h": t("for 8 h"), "24h": t("for 24 h"), "": t("until further notice") }[span];
}

/** The buttons, and where it is said what has become of an order. `name` "all": of all cameras. */
export function makeOrders(name) {
  const whose = name === "all" ? t("all cameras") : name;
  const span = make("select", { "aria-label": t("How long, {name}", { name: whose }) }, ...SPANS.map((one) => make("option", { value: one }, spanSays(one))));
  span.value = "2h";
  const told = make("p", { class: "order-told", role: "status" });
  const texts = { pause: t("Pause"), mute: t("Mute"), off: t("Off"), resume: t("Resume") };
  const buttons = Object.entries(texts).map(([action, text]) => {
    const button = make("button", { type: "button", class: "tool", "data-action": action, "aria-label": `${text}, ${whose}` }, text);
    button.addEventListener("click", () => order(name, action, action === "resume" ? "" : span.value, told));
    return button;
  });
  return [make("div", { class: "orders", role: "group", "aria-label": t("Orders, {name}", { name: whose }) }, ...buttons, span), told];
}

async function order(name, action, span, told) {
  try {
    await post(`/api/cameras/${encodeURIComponent(name)}/${action}`, span ? { for: span } : {});
    say(told, { pause: t("Paused: connected, nothing is analysed."), mute: t("Muted: events are stored, nobody is told."), off: t("Off: it is not connected."), resume: t("Resumed: the energy budget decides.") }[action]);
    turn();
  } catch (error) {
    say(told, error.message);
  }
}
