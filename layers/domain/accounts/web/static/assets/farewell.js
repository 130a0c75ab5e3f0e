// Exporting and deleting the account.

import { forget } from "./browser.js";
import { withRecentLogin } from "./dialogs.js";
import { forgetMethod } from "./last_method.js";
import { leaveNote } from "./notes.js";
import { $, announceLogout, call, make, onSubmit, setFieldError, t, withBusy } from "./page.js";
import { isEmail } from "./profile.js";

// Until the login page says so.
const DELETED_SECONDS = 60;

function download() {
  return withBusy($("#download"), $("#notice"), async () => {
    const result = await withRecentLogin(() => call("GET", "/customers/me/export"), { press: "download" });
    if (!result.ok) {
      return result;
    }
    const file = new Blob([JSON.stringify(result.body, null, 2)], { type: "application/json" });
    const address = URL.createObjectURL(file);
    make("a", { href: address, download: t("account.file") }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
    return null;
  });
}

$("#download").addEventListener("click", download);

onSubmit($("#delete-form"), async () => {
  const typed = $("#typed-address");
  if (!isEmail(typed.value)) {
    setFieldError(typed, t("account.delete_other"));
    typed.focus();
    return null;
  }
  const draft = { open: "delete-dialog", values: { address: typed.value } };
  const result = await withRecentLogin(() => call("DELETE", "/customers/me"), draft);
  if (!result.ok) {
    return result;
  }
  forget();
  forgetMethod();
  announceLogout();
  leaveNote("deleted", DELETED_SECONDS);
  location.replace("/login?deleted");
  return null;
});
