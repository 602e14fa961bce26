// Light or dark, before anything is drawn. A plain script in the head, so that the page never flashes.
// Light is for sunlight and the default; the system's wish counts until a person chooses here.
"use strict";
{
  const KEY = "theme";
  const wish = window.matchMedia("(prefers-color-scheme: dark)");

  function chosen() {
    try { return localStorage.getItem(KEY); } catch { return null; }
  }

  function current() {
    return chosen() || (wish.matches ? "dark" : "light");
  }

  function apply() {
    document.documentElement.dataset.theme = current();
    const word = document.getElementById("theme-word");
    if (word) word.textContent = current() === "dark" ? "Dark" : "Light";
    window.dispatchEvent(new Event("themechange"));
  }

  function change() {
    const other = current() === "dark" ? "light" : "dark";
    try { localStorage.setItem(KEY, other); } catch { /* a private window forgets, no more */ }
    apply();
  }

  apply();
  wish.addEventListener("change", apply);
  document.addEventListener("DOMContentLoaded", () => {
    apply();
    document.getElementById("theme").addEventListener("click", change);
  });
}
