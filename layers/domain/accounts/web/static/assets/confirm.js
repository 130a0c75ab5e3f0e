// The confirmation dialog for actions that cannot be undone. ``button`` is the id of the button that asks: after a login that
// leaves the page, it asks again.

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
  const result = await withRecentLogin(asked.step, { press: asked.button });
  if (!result.ok && result.status !== 404) {
    return result;
  }
  closeDialog(dialog);
  asked.done();
  return null;
});
