// A field for a code of the second factor: the app's digits, or a recovery code, which also has letters.

import { $, setFieldError, show } from "./page.js";

export function wireCode(input) {
  const place = input.closest("section, dialog");
  const use = (kind) => {
    for (const part of place.querySelectorAll("[data-code]")) {
      show(part, part.dataset.code === kind);
    }
    input.setAttribute("inputmode", kind === "app" ? "numeric" : "text");
    input.setAttribute("autocomplete", kind === "app" ? "one-time-code" : "off");
    input.value = "";
    setFieldError(input, "");
  };
  $(`[data-swap="${input.id}"]`).addEventListener("click", () => {
    use(input.getAttribute("inputmode") === "numeric" ? "recovery" : "app");
    input.focus();
  });
  input.form.addEventListener("reset", () => use("app"));
}
