// "Check your email": the same for every address, with a resend button after a pause.

import { setDisabled } from "./browser.js";
import { $, clock, countSeconds, isLimited, showMessage, swap, t, withBusy } from "./page.js";

const PAUSE = 60;

export function showSent(email, resend) {
  const ask = $("#ask");
  const sent = $("#sent");
  const again = $("#again");
  const slot = $(".slot", sent);
  $(".address", sent).textContent = email;
  const wait = (seconds) => {
    setDisabled(again, true);
    return countSeconds(seconds, (left) => {
      again.textContent = left ? t("sent.wait", { time: clock(left) }) : t("sent.again");
      setDisabled(again, left > 0);
    });
  };
  let stop = wait(PAUSE);
  again.onclick = () =>
    withBusy(again, slot, async () => {
      const result = await resend(email);
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
  $("#change-address").onclick = () => {
    stop();
    swap(sent, ask);
    $("#email").focus();
  };
  swap(ask, sent);
}
