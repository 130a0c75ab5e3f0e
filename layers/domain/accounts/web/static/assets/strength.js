// Says how strong a new password seems.

import { $, t } from "./page.js";
import { decoded, score } from "./password_score.js";

const VERDICTS = ["strength.short", "strength.weak", "strength.fair", "strength.good", "strength.strong"];

// Returns a function for a password that the service refused, which is not praised again.
export function showStrength(input, email) {
  const field = input.closest(".field");
  const limits = { min: Number(t("limits.password_min")), max: Number(t("limits.password_max")) };
  const note = $(".note", field);
  // The text is updated after a pause, so that screen readers do not announce every letter.
  note.setAttribute("aria-live", "polite");
  let listed = null;
  let refused = null;
  let pause;
  const update = () => {
    const length = [...input.value.normalize("NFC")].length;
    const reached = input.value === refused ? 1 : score(input.value, email(), limits, listed);
    $(".strength", field).dataset.score = length > limits.max ? 0 : reached;
    clearTimeout(pause);
    pause = setTimeout(() => {
      if (!input.hasAttribute("aria-invalid")) {
        note.textContent = verdict(length, reached, limits);
      }
    }, 300);
  };
  // Few of those who open these pages type a new password.
  const load = async () => {
    listed = listed ?? decoded((await import("./listed.js")).LISTED);
    update();
  };
  input.addEventListener("input", update);
  input.addEventListener("focus", load);
  // A password manager fills in a field without its focus.
  input.addEventListener("change", load);
  return () => {
    refused = input.value;
    update();
  };
}

function verdict(length, reached, { min, max }) {
  if (length === 0) {
    return "";
  }
  if (length > max) {
    return t("strength.long");
  }
  return t(VERDICTS[reached], { more: min - length });
}
