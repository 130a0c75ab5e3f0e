// The confirmation dialog for actions that cannot be undone.

import { fresh, open } from "./dialogs.js";
import { $, onSubmit } from "./page.js";

const dialog = $("#confirm-dialog");
let asked = null;

export function confirmed(question) {
  asked = question;
  $("#confirm-title").textContent = question.title;
  $("#confirm-lead").textContent = question.lead;
  $("#confirm-yes").textContent = question.yes;
  open(dialog);
}

onSubmit($("#confirm-form"), async () => {
  const result = await fresh(asked.step, {});
  if (!result.ok && result.status !== 404) {
    return result;
  }
  dialog.close();
  asked.done();
  return null;
});
