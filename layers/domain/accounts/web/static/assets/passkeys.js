// The browser's WebAuthn functions, with the service's options and responses. Binary values are base64url there.

import { timeout } from "./browser.js";
import { call } from "./page.js";

function bytes(text) {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

function base64url(buffer) {
  const plain = String.fromCharCode(...new Uint8Array(buffer ?? []));
  return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
}

function decoded(list) {
  return list.map(({ type, id }) => ({ type, id: bytes(id) }));
}

const CODES = { NotAllowedError: "cancelled", AbortError: "cancelled", InvalidStateError: "passkey_exists" };

// Returns a result as ``call`` does. A person who cancels and a browser that finds no passkey look the same.
async function result(ask, read) {
  try {
    return { ok: true, body: read(await ask()) };
  } catch (error) {
    return { ok: false, code: CODES[error.name] ?? "passkey_failed", body: {} };
  }
}

// Gets options from the service, asks the browser for its response to them, and sends the response to the service.
export async function exchange(path, respond) {
  const asked = await call("POST", `${path}/options`);
  const responded = asked.ok ? await respond(asked.body) : asked;
  return responded.ok ? call("POST", path, responded.body) : responded;
}

export function createPasskey(options) {
  const user = { ...options.user, id: bytes(options.user.id) };
  const excludeCredentials = decoded(options.excludeCredentials);
  const publicKey = { ...options, user, challenge: bytes(options.challenge), excludeCredentials };
  const { timeout: milliseconds } = options;
  return result(
    () => navigator.credentials.create({ publicKey, signal: timeout(milliseconds) }),
    ({ response }) => ({
      client_data: base64url(response.clientDataJSON),
      attestation: base64url(response.attestationObject),
    }),
  );
}

export function signWithPasskey(options, how = {}) {
  const allowCredentials = decoded(options.allowCredentials);
  const publicKey = { ...options, challenge: bytes(options.challenge), allowCredentials };
  const { timeout: milliseconds } = options;
  return result(
    () => navigator.credentials.get({ publicKey, signal: timeout(milliseconds), ...how }),
    ({ id, response }) => ({
      credential_id: id,
      client_data: base64url(response.clientDataJSON),
      authenticator_data: base64url(response.authenticatorData),
      signature: base64url(response.signature),
      user_handle: base64url(response.userHandle),
    }),
  );
}
