// The page's colours, before anything is drawn: a plain script in the head, so that it never flashes.
// By itself it follows the device's wish, on the unit's own screen the sun. A person may choose light,
// dark, or black on white with larger writing, for full sunlight.
"use strict";
{
  const KEY = "theme";
  const CHOICES = ["automatic", "light", "dark", "sunlight"];
  const wish = window.matchMedia("(prefers-color-scheme: dark)");

  function chosen() {
    try {
      const kept = localStorage.getItem(KEY);
      return CHOICES.includes(kept) ? kept : CHOICES[0];
    } catch {
      return CHOICES[0];
    }
  }

  function apply() {
    const choice = chosen();
    const root = document.documentElement;
    const own = root.dataset.outside || (wish.matches ? "dark" : "light");
    root.dataset.theme = choice === "automatic" ? own : choice;
    const button = document.getElementById("theme");
    if (button) document.getElementById("theme-word").textContent = button.dataset[choice];
    window.dispatchEvent(new Event("themechange"));
  }

  function change() {
    const next = CHOICES[(CHOICES.indexOf(chosen()) + 1) % CHOICES.length];
    try { localStorage.setItem(KEY, next); } catch { /* a private window forgets, no more */ }
    apply();
  }

  apply();
  wish.addEventListener("change", apply);
  document.addEventListener("DOMContentLoaded", () => {
    apply();
    document.getElementById("theme").addEventListener("click", change);
  });
}
