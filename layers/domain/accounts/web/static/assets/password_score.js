// How strong a new password seems: 0 too short, 1 weak, 2 fair, 3 good, 4 strong. The service decides; what it refuses as
// common or personal is never good here. Only the service asks the list of leaked passwords.

const THRESHOLDS = [10, 15, 20];
const WEAK = 1;
const FAIR = 2;
// Of accounts.model.passwords.
const SERVICE_WORDS = ["comfy", "comfyui", "comfyorg", "comfycloud", "comfyaccount"];

// `listed` are the digests of listed.js, or null while they are not loaded: until then, nothing is good.
export function score(password, email, limits, listed) {
  const text = prepared(password);
  if ([...text].length < limits.min) {
    return 0;
  }
  if (isPersonal(text, email)) {
    return WEAK;
  }
  const reached = estimate(text, email);
  if (reached <= FAIR || !listed) {
    return Math.min(reached, FAIR);
  }
  return listed.has(digest(text)) ? WEAK : reached;
}

export function decoded(digests) {
  const bytes = atob(digests);
  const found = new Set();
  for (let at = 0; at < bytes.length; at += 3) {
    found.add((bytes.charCodeAt(at) << 16) | (bytes.charCodeAt(at + 1) << 8) | bytes.charCodeAt(at + 2));
  }
  return found;
}

// 24 bits of FNV-1a of the form that the service looks up.
export function digest(password) {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(folded(prepared(password)))) {
    hash = Math.imul(hash ^ byte, 0x01000193);
  }
  return hash >>> 8;
}

export function estimate(password, email) {
  const text = folded(password);
  const own = [email.toLowerCase(), email.toLowerCase().split("@")[0], "comfyui", "comfy"];
  const count = Math.min(countUnpredictable(text), countUnpredictable(without(text, own)));
  return WEAK + THRESHOLDS.filter((enough) => count >= enough).length;
}

// As the service prepares it: any space is U+0020.
function prepared(password) {
  return password.replace(/\p{Zs}/gu, " ").normalize("NFC");
}

// Like Python's casefold. Letter by letter, because the lower case of a capital sigma depends on its place.
function folded(text) {
  return [...text]
    .map((letter) => letter.toUpperCase().toLowerCase())
    .join("")
    .normalize("NFC");
}

// Counts characters that do not repeat or continue a sequence or an earlier part; others count as a quarter.
function countUnpredictable(text) {
  let count = 0;
  for (let at = 0; at < text.length; at += 1) {
    const step = at ? text.charCodeAt(at) - text.charCodeAt(at - 1) : null;
    const seen = at >= 2 && text.indexOf(text.slice(at - 2, at + 1)) < at - 2;
    count += step !== null && Math.abs(step) <= 1 ? 0.25 : seen ? 0.25 : 1;
  }
  return Math.min(count, new Set(text).size * 2);
}

function without(text, words) {
  return words.filter((word) => word.length > 2).reduce((left, word) => left.replaceAll(word, ""), text);
}

// The address or the service's name, repeated or with digits and punctuation.
function isPersonal(password, email) {
  const own = email.toLowerCase();
  const words = [...SERVICE_WORDS, own.split("@")[0], own];
  return folded(password) === own || words.some((word) => repeats(letters(password), letters(word)));
}

function letters(text) {
  return folded(text).replace(/[^\p{L}\p{N}]/gu, "");
}

function repeats(text, word) {
  const core = text.replace(/^[0-9]+|[0-9]+$/g, "") || text;
  const isMade = (part) => part.replaceAll(word, "") === "";
  return Boolean(text && word) && (isMade(text) || isMade(core));
}
