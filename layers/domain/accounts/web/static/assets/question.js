// May this program sign in for you? Who asks, what it means, which account; Allow or Cancel.

import { $, busily, call, loginAndBack, make, sessionEnded, show, t } from "./page.js";

const card = $("#question");
const slot = $(".slot", card);
const buttons = [$("#question-allow"), $("#question-deny")];
const DECISIONS = { "question-allow": "allow", "question-deny": "deny" };
// A click that was begun on something else, which went away under it, must not be an answer.
const LOOK_FIRST = 500;
let answered = false;
let waking = 0;

// ``where`` says in words where the answer goes. ``answer`` is given the decision, and answers with the result that
// failed, or with nothing once the question is settled: then the buttons stay dead.
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

// Somebody else is to answer: this one is logged out here, and the log-in comes back to the same question. ``keep`` puts
// away what its address does not hold.
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
