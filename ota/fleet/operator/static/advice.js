// What the operator does about a unit that is refused, doubted or silent: as docs/fleet.md says.

const PLAIN = /^[\w.-]+$/;

/** As a word of a shell. */
export function quoted(name) {
  return PLAIN.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`;
}

export const REFUSED = {
  "unit-unknown": "Make a token for it: fleet claim.",
  "key-unknown": "The box has another key than the unit of that name. If it is yours, make a token with --replace.",
  "unit-revoked": "Nothing, or a new token.",
  "other-unit": "Set [unit] name to the name that the unit has in the fleet.",
  "signature-wrong": "Somebody forges reports, or the link changes them.",
  replayed: "Somebody sends old reports again.",
  cloned: "Look which of the two boxes is the right one, take the other out of service, then accept the unit.",
  "wrong-certificate": "Give the unit its own certificate: claim again.",
  "token-unknown": "Make a new token.",
  "token-expired": "Make a new token.",
  "token-used": "Make a new token. Where it was not you who used it, take the unit out: fleet units revoke.",
  "token-other-serial": "Make a new token.",
  "key-taken": "The disk of the box was copied from another unit. Remove unit-key.pem there, claim again.",
  "name-taken": "Take another name, or a token with --replace.",
};

/** A sentence and a command (or null) for what stands against the unit; null: nothing does. */
export function findAdvice(unit) {
  if (unit.state === "revoked") {
    return [`It was taken out of the fleet: ${unit.revoked_reason || "no reason was given"}.`, null];
  }
  if (unit.doubt) {
    return ["Look which of the two boxes is the right one, and take the other one out of service. Then:", `fleet units accept ${quoted(unit.name)}`];
  }
  if (unit.state === "never") return ["It has not reported yet. On the unit, as root:", "unitctl fleet status"];
  if (unit.state === "silent") return ["It should have reported by now. Look at its link and its power.", null];
  return null;
}
