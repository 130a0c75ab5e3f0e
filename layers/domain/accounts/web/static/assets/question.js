// The consent question: client, scopes and account; allow or cancel.

import { forget, isDisabled, setDisabled } from "./browser.js";
import { $, announceLogout, call, loginAndBack, make, show, t, withBusy } from "./page.js";

const card = $("#question");
const slot = $(".slot", card);
const buttons = [$("#question-allow"), $("#question-deny")];
const DECISIONS = { "question-allow": "allow", "question-deny": "deny" };
// Milliseconds. Clickjacking: a click that was meant for something above this page must not hit a button.
const ARM_DELAY = 500;
// The service says in English what its own scope allows (`accounts.model.resources`).
const OWN_MEANINGS = new Map([
  ["See your name and email address", "question.may_account"],
  ["List and delete your API keys", "question.may_keys"],
]);
let answered = false;
let armTimer = 0;

// ``where`` describes the redirect target. ``answer`` gets the decision and returns the failed result, or null; then the
// buttons stay disabled.
export function ask({ client, redirect, resource, scopes, account }, where, answer) {
  $("#question-title").textContent = t("question.title", { name: client.name });
  showDocument(client, redirect);
  $("#question-where").textContent = where;
  $("#question-account").textContent = account.email_shown;
  showAllowed(resource, scopes);
  for (const button of buttons) {
    button.onclick = () => decide(button, answer);
  }
  answered = false;
  show(card);
  rearm();
  $("#question-title").focus();
}

// A client that no operator configured: its name is its own claim, and its host is proven only by an answer that goes
// there, not by one that goes to this computer or to a device.
function showDocument({ id, document: described }, redirect) {
  show($("#question-unchecked"), Boolean(described));
  show($("#question-client"), Boolean(described));
  show($("#question-claims"), Boolean(described?.claim));
  if (described) {
    const { host, claim } = described;
    const proven = redirect && !redirect.loopback;
    $("#question-unchecked").textContent = t(proven ? "question.trust" : "question.unproven", { host });
    // Apart from our own words, so that it cannot continue them.
    $("#question-claim").textContent = claim;
    $("#question-client-id").textContent = id;
  }
}

// For another service, the token also carries the email address, and the meanings are its operator's words.
function showAllowed(resource, scopes) {
  const allowed = scopes.flatMap(({ means }) => means);
  const shown = resource ? [t("question.may_see_email"), ...allowed] : allowed.map(inLanguage);
  $("#question-may-title").textContent = resource ? t("question.may_at", resource) : t("question.may");
  $("#question-may").replaceChildren(...shown.map((text) => make("li", {}, make("bdi", {}, text))));
}

function inLanguage(meaning) {
  return OWN_MEANINGS.has(meaning) ? t(OWN_MEANINGS.get(meaning)) : meaning;
}

async function decide(button, answer) {
  if (answered || isDisabled(button)) {
    return;
  }
  answered = true;
  await withBusy(button, slot, async () => {
    const failed = await answer(DECISIONS[button.id]);
    answered = !failed;
    return failed;
  });
  rearm();
}

function disableAll(disabled) {
  for (const button of buttons) {
    setDisabled(button, disabled);
  }
}

function rearm() {
  clearTimeout(armTimer);
  disableAll(true);
  if (!answered) {
    armTimer = setTimeout(() => disableAll(answered), ARM_DELAY);
  }
}

addEventListener("focus", rearm);
document.addEventListener("visibilitychange", rearm);

// For another account: logs out, and returns to the same question after a login. ``keep`` saves what the URL does not
// contain.
export function offerOtherAccount(other, place, keep = () => {}) {
  other.addEventListener("click", () =>
    withBusy(other, place, async () => {
      // Clears the storage here: the browser would do it at any time after the response, also after ``keep``.
      const result = await call("POST", "/auth/logout?keep=storage");
      if (!result.ok && result.status !== 401) {
        return result;
      }
      announceLogout();
      forget();
      keep();
      location.replace(loginAndBack());
      return null;
    }),
  );
}

offerOtherAccount($("#question-other"), slot);
