// The history: days, weeks or the months of a year as a table with bars and sums. Asked for when
// somebody has it in view, and again every ten minutes.

import { byId, make, say, show } from "./dom.js";
import { ask } from "./link.js";
import { energy, known, percent, UNKNOWN, word } from "./words.js";
import { locale, number, t } from "./translate.js";

const AGAIN_MS = 600_000;
const LEVELS = ["full", "eco", "sentinel", "hibernate", "off"];
const NAMES = {
  days: { weekday: "short", day: "numeric", month: "short" },
  weeks: { day: "numeric", month: "short" },
  months: { month: "long", year: "numeric" },
};
let span = "days";
let askedAt = -Infinity;
let inView = false;

/** Called with each status: asks where it is time to. */
export function history() {
  if (inView && performance.now() - askedAt > AGAIN_MS) refresh();
}

async function refresh() {
  askedAt = performance.now();
  const wanted = span;
  try {
    const found = await ask(`/api/history/${wanted}`);
    if (wanted === span) draw(found);
  } catch {
    askedAt = -Infinity; // the page already says that the link is lost
  }
}

function draw({ periods, total }) {
  const some = periods.filter((one) => one.known_h > 0 || one.events > 0 || known(one.sun_wh)).reverse();
  const most = Math.max(...some.flatMap((one) => [one.sun_wh || 0, one.use_wh || 0]), 1);
  say("history-says", says(total, some.length));
  byId("history-rows").replaceChildren(...some.map((one) => row(name(one.starts), one, most)));
  byId("history-total").replaceChildren(row(t("Together"), total, null));
  show("history-table", some.length > 0);
}

function says(total, count) {
  if (!count) return t("Nothing is stored yet.");
  const hours = LEVELS.map((level) => [level, total.levels_h[level.toUpperCase()]]).filter(([, h]) => h >= 0.05);
  const levels = hours.map(([level, h]) => `${level} ${spanOf(h)}`).join(", ");
  const sun = total.sun_wh === null ? t("Unknown solar energy") : t("{sun} from the panels", { sun: energy(total.sun_wh) });
  const use = total.use_wh === null ? t("unknown use") : t("{use} used", { use: energy(total.use_wh) });
  return `${sun}, ${use}. ${levels ? t("Levels: {levels}.", { levels }) : ""}`;
}

function spanOf(hours) {
  return hours < 48 ? `${number(hours.toFixed(hours < 10 ? 1 : 0))}\u00a0h` : t("{days} days", { days: number((hours / 24).toFixed(1)) }).replaceAll(" ", "\u00a0");
}

function name(starts) {
  const day = new Date(`${starts}T12:00:00Z`);
  const text = new Intl.DateTimeFormat(locale, { timeZone: "UTC", ...NAMES[span] }).format(day);
  return span === "weeks" ? t("from {day}", { day: text }) : text;
}

function row(title, one, most) {
  return make("tr", {},
    make("th", { scope: "row" }, title),
    amount(one.sun_wh, most, "sun"),
    make("td", { class: "digits", title: curtailed(one) }, yieldOf(one)),
    amount(one.use_wh, most, "use"),
    make("td", {}, levelBar(one)),
    make("td", { class: "digits" }, range(one)),
    make("td", { class: "digits" }, String(one.events)));
}

function amount(wh, most, kind) {
  const cell = make("td", { class: "digits" }, known(wh) ? energy(wh) : UNKNOWN);
  if (!most) return cell;
  const bar = make("span", { class: `amount-bar ${kind}`, "aria-hidden": "true" });
  bar.style.width = `${(100 * (wh || 0)) / most}%`;
  cell.append(bar);
  return cell;
}

/** The hours at each level as one bar, with the same in words for who cannot see it. */
export function levelBar(one) {
  const hours = LEVELS.map((level) => [level, one.levels_h[level.toUpperCase()]]).filter(([, h]) => h > 0);
  if (!hours.length) return UNKNOWN;
  const words = hours.map(([level, h]) => `${word(level)} ${spanOf(h)}`).join(", ");
  const bar = make("span", { class: "level-bar", role: "img", "aria-label": words, title: words });
  for (const [level, h] of hours) {
    const part = make("i", { class: `level-${level}` });
    part.style.flexGrow = h;
    bar.append(part);
  }
  return bar;
}

/** kWh for each kWp, and the performance ratio where the period had clear hours. */
function yieldOf(one) {
  if (!known(one.specific_yield_kwh_per_kwp)) return UNKNOWN;
  const ratio = known(one.performance_ratio) ? ` PR\u00a0${number(one.performance_ratio.toFixed(2))}` : "";
  return number(one.specific_yield_kwh_per_kwp.toFixed(2)) + ratio;
}

function curtailed(one) {
  return known(one.curtailed_h) ? t("curtailed {curtailed}, clear {clear}", { curtailed: spanOf(one.curtailed_h), clear: spanOf(one.clear_hours) }) : null;
}

function range(one) {
  if (!known(one.lowest_charge_pct)) return UNKNOWN;
  return t("{low} to {high}", { low: one.lowest_charge_pct.toFixed(0), high: percent(one.highest_charge_pct) });
}

for (const button of document.querySelectorAll("#history-spans button")) {
  button.addEventListener("click", () => {
    span = button.dataset.span;
    for (const other of document.querySelectorAll("#history-spans button")) {
      other.setAttribute("aria-pressed", String(other === button));
    }
    refresh();
  });
}
new IntersectionObserver(([entry]) => {
  inView = entry.isIntersecting;
  history();
}).observe(byId("history-card"));
