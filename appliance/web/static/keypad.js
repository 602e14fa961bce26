// The keys of the PIN: for fingers, where the touchscreen has no keyboard. Keys of a keyboard go on.

import { byId } from "./dom.js";

export function keypad() {
  const pin = byId("pin");
  const keys = byId("keypad");
  if (!pin || !keys) return;
  keys.hidden = false;
  keys.addEventListener("click", (press) => {
    const key = press.target.closest("button");
    if (!key) return;
    if (key.dataset.digit && pin.value.length < pin.maxLength) pin.value += key.dataset.digit;
    if (key.id === "erase") pin.value = pin.value.slice(0, -1);
  });
}
