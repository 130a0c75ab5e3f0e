// Solves a proof of work in ALTCHA's scheme: derives keys from counters until one begins with the prefix. Each derivation
// is asynchronous, so the page stays responsive.

const AT_ONCE = 16;

function decoded(hex) {
  return Uint8Array.from(hex.match(/../g), (pair) => Number.parseInt(pair, 16));
}

function encoded(buffer) {
  return Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function derive({ nonce, salt, cost, keyLength }, counter) {
  const password = new Uint8Array([...decoded(nonce), 0, 0, 0, 0]);
  new DataView(password.buffer).setUint32(password.length - 4, counter);
  const key = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
  const how = { name: "PBKDF2", hash: "SHA-256", salt: decoded(salt), iterations: cost };
  return encoded(await crypto.subtle.deriveBits(how, key, keyLength * 8));
}

// The solution as the header X-Proof-Of-Work carries it.
export async function solve(challenge) {
  for (let first = 0; ; first += AT_ONCE) {
    const counters = Array.from({ length: AT_ONCE }, (_, index) => first + index);
    const keys = await Promise.all(counters.map((counter) => derive(challenge.parameters, counter)));
    const found = keys.findIndex((key) => key.startsWith(challenge.parameters.keyPrefix));
    if (found >= 0) {
      return btoa(JSON.stringify({ challenge, solution: { counter: counters[found], derivedKey: keys[found] } }));
    }
  }
}
