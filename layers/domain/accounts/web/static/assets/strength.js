// Estimates the strength of a password by the number of its unpredictable characters. The service decides; it also
// refuses common and leaked passwords.

import { $, t } from "./page.js";

const THRESHOLDS = [10, 15, 20];
const VERDICTS = ["strength.short", "strength.weak", "strength.fair", "strength.good", "strength.strong"];

// Counts characters that do not repeat or continue a sequence or an earlier part; others count as a quarter.
function countUnpredictable(characters) {
  const text = characters.join("").toLowerCase();
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

export function score(password, email, limits) {
  const characters = [...password.normalize("NFC")];
  if (characters.length < limits.min) {
    return 0;
  }
  const own = [email.toLowerCase(), email.toLowerCase().split("@")[0], "comfyui", "comfy"];
  const count = countUnpredictable([...without(password.normalize("NFC").toLowerCase(), own)]);
  return 1 + THRESHOLDS.filter((enough) => count >= enough).length;
}

export function showStrength(input, email) {
  const field = input.closest(".field");
  const limits = { min: Number(t("limits.password_min")), max: Number(t("limits.password_max")) };
  const note = $(".note", field);
  // The text is updated after a pause, so that screen readers do not announce every letter.
  note.setAttribute("aria-live", "polite");
  let pause;
  input.addEventListener("input", () => {
    const length = [...input.value.normalize("NFC")].length;
    const reached = score(input.value, email(), limits);
    $(".strength", field).dataset.score = length > limits.max ? 0 : reached;
    clearTimeout(pause);
    pause = setTimeout(() => {
      if (!input.hasAttribute("aria-invalid")) {
        note.textContent = verdict(length, reached, limits);
      }
    }, 300);
  });
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
