// One event, at an address of its own that can be sent to somebody.

import { event } from "../oneevent.js";
import { start } from "../shell.js";

start({ panels: [event], everyMs: 5000 });
