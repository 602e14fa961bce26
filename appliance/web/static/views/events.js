// All events: when they were, a list with filters, and what can be done with them.

import { events } from "../eventlist.js";
import { start } from "../shell.js";

start({ panels: [events], everyMs: 5000 });
