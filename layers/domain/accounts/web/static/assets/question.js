// The consent question: client, scopes and account; allow or cancel.

import { $, busily, call, loginAndBack, make, sessionEnded, show, t } from "./page.js";

const card = $("#question");
const slot = $(".slot", card);
const buttons = [$("#question-allow"), $("#question-deny")];
const DECISIONS = { "question-allow": "allow", "question-deny": "deny" };
// Milliseconds. Clickjacking: a click that was meant for something above this page must not hit a button.
const LOOK_FIRST = 500;
let answered = false;
let waking = 0;

// ``where`` describes the redirect target. ``answer`` gets the decision and returns the failed result, or null; then the
// buttons stay disabled.
export function ask({ client, scopes, account }, where, answer) {
  $("#question-title").textContent = t("question.title", { name: client.name });
  $("#question-where").textContent = where;
  $("#question-account").textContent = account.email;
  $("#question-may").replaceChildren(...scopes.flatMap(({ means }) => means.map((text) => make("li", {}, text))));
  for (const button of buttons) {
    button.onclick = () => decide(button, answer);
  }
  answered = false;
  show(card);
  look();
  $("#question-title").focus();
}

async function decide(button, answer) {
  if (answered || button.ariaDisabled === "true") {
    return;
  }
  answered = true;
  await busily(button, slot, async () => {
    const failed = await answer(DECISIONS[button.id]);
    answered = !failed;
    return failed;
  });
  look();
}

function dim(dead) {
  for (const button of buttons) {
    button.ariaDisabled = dead ? "true" : null;
  }
}

function look() {
  clearTimeout(waking);
  dim(true);
  if (!answered) {
    waking = setTimeout(() => dim(answered), LOOK_FIRST);
  }
}

addEventListener("focus", look);
document.addEventListener("visibilitychange", look);

// For another account: logs out, and returns to the same question after a login. ``keep`` saves what the URL does not
// contain.
export function askSomebodyElse(other, place, keep = () => {}) {
  other.addEventListener("click", () =>
    busily(other, place, async () => {
      const result = await call("POST", "/auth/logout");
      if (!result.ok && result.status !== 401) {
        return result;
      }
      keep();
      sessionEnded();
      location.replace(loginAndBack());
      return null;
    }),
  );
}

askSomebodyElse($("#question-other"), slot);
