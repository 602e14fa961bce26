// The login and the PIN work without scripts; with them the PIN has keys for fingers.

import { keypad } from "../keypad.js";

keypad();
