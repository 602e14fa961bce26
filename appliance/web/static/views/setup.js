// The set-up code of a new unit comes in the address that a phone's camera has read.

import { byId } from "../dom.js";

const typed = byId("code");
const read = decodeURIComponent(location.hash.slice(1));
if (typed instanceof HTMLInputElement && read && !typed.value) {
  typed.value = read;
  history.replaceState(null, "", location.pathname + location.search);
}
