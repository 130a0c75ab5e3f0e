// Logging in with a passkey: from the browser's suggestions in the email field, or with the button.

import { suggestsPasskeys } from "./browser.js";
import { $, showError, withBusy } from "./page.js";
import { exchange, signWithPasskey } from "./passkeys.js";

// A challenge expires after five minutes; the browser's suggestions may be used much later.
const RENEW_AFTER = 4 * 60_000;
const email = $("#email");
let waiting = null;
let since = 0;

async function logIn(how, enter) {
  const result = await exchange("/auth/login/passkey", async (options) => {
    const signed = await signWithPasskey(options, how);
    return { ...signed, body: { ...signed.body, remember: $("#remember").checked } };
  });
  return result.ok ? enter() : result;
}

// Offers passkeys among the suggestions, until one is used or ``waiting`` is aborted.
async function suggest(slot, enter) {
  stop();
  const mine = new AbortController();
  waiting = mine;
  since = Date.now();
  const failed = await logIn({ mediation: "conditional", signal: mine.signal }, enter);
  // Without suggestions, the button is left; its error says why.
  if (failed?.code === "invalid_passkey") {
    showError(slot, failed);
    await suggest(slot, enter);
  }
}

function stop() {
  waiting?.abort();
  waiting = null;
}

export async function offerPasskeys(slot, enter) {
  const button = $("#passkey");
  const available = await suggestsPasskeys();
  const suggestAgain = () => (available ? suggest(slot, enter) : null);
  button.addEventListener("click", () =>
    withBusy(button, slot, async () => {
      // A browser asks one question at a time.
      stop();
      const failed = await logIn({}, enter);
      if (failed) {
        suggestAgain();
      }
      return failed;
    }),
  );
  email.addEventListener("focus", () => waiting && Date.now() - since > RENEW_AFTER && suggestAgain());
  suggestAgain();
}
