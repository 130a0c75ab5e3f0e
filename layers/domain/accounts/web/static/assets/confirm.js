// The confirmation dialog for actions that cannot be undone.

import { closeDialog, open, withRecentLogin } from "./dialogs.js";
import { $, onSubmit } from "./page.js";

const dialog = $("#confirm-dialog");
let asked = null;

export function askToConfirm(question) {
  asked = question;
  $("#confirm-title").textContent = question.title;
  $("#confirm-lead").textContent = question.lead;
  $("#confirm-yes").textContent = question.yes;
  open(dialog);
}

onSubmit($("#confirm-form"), async () => {
  const result = await withRecentLogin(asked.step, {});
  if (!result.ok && result.status !== 404) {
    return result;
  }
  closeDialog(dialog);
  asked.done();
  return null;
});
