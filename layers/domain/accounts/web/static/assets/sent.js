// "Check your email": the same for every address, with a resend button after a pause.

import { setDisabled } from "./browser.js";
import { $, clock, countSeconds, isLimited, showMessage, swap, t, withBusy } from "./page.js";

const PAUSE = 60;

// A button that sends an email again, after a pause. Returns a function that stops the countdown.
export function offerAgain(button, slot, send) {
  const wait = (seconds) => {
    setDisabled(button, true);
    return countSeconds(seconds, (left) => {
      button.textContent = left ? t("sent.wait", { time: clock(left) }) : t("sent.again");
      setDisabled(button, left > 0);
    });
  };
  let stop = wait(PAUSE);
  button.onclick = () =>
    withBusy(button, slot, async () => {
      const result = await send();
      if (result.ok) {
        showMessage(slot, t("sent.sent_again"), "good");
      }
      if (result.ok || isLimited(result)) {
        queueMicrotask(() => {
          stop = wait(result.wait || PAUSE);
        });
      }
      return result.ok ? null : result;
    });
  return () => stop();
}

export function showSent(email, resend) {
  const ask = $("#ask");
  const sent = $("#sent");
  $(".address", sent).textContent = email;
  const stop = offerAgain($("#again"), $(".slot", sent), () => resend(email));
  $("#change-address").onclick = () => {
    stop();
    swap(sent, ask);
    $("#email").focus();
  };
  swap(ask, sent);
}
