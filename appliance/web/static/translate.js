// The page's texts in the language of the page (<html lang>), and how it writes numbers.
//
//   t("{n} W from {name}", { n: 12, name: "gate" })
//   tn("{count} event", "{count} events", 3)
//
// A text that the catalogue lacks stays English. English loads no catalogue.

export const language = document.documentElement.lang || "en";
export const locale = { en: "en-GB", ro: "ro-RO" }[language] || "en-GB";
const rules = new Intl.PluralRules(locale);
const FORMS = ["one", "few", "other"]; // the order of the forms of a plural in the catalogue
const texts = language === "en" ? {} : await load();

async function load() {
  try {
    const answer = await fetch(new URL(`./catalogues/${language}.json`, import.meta.url));
    return answer.ok ? await answer.json() : {};
  } catch {
    return {}; // without it the page is in English, and works
  }
}

/** A text with its values. */
export function t(text, values = {}) {
  return fill(texts[text] || text, values);
}

/** A text with a count: `one` where it is 1, else `many`. */
export function tn(one, many, count, values = {}) {
  const forms = texts[one];
  const text = forms ? forms[FORMS.indexOf(rules.select(count))] : count === 1 ? one : many;
  return fill(text, { count: number(count), ...values });
}

/** A number that the page has written with a point, as the language writes it. */
export function number(text) {
  return language === "en" ? String(text) : String(text).replace(".", ",");
}

function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole));
}
