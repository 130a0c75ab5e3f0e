// Exporting and deleting the account.

import { fresh } from "./dialogs.js";
import { $, busily, call, fault, make, onSubmit, sessionEnded, t } from "./page.js";
import { email } from "./profile.js";

export function download() {
  return busily($("#download"), $("#notice"), async () => {
    const result = await fresh(() => call("GET", "/customers/me/export"), { download: true });
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
  if (typed.value.trim().toLowerCase() !== email().toLowerCase()) {
    fault(typed, t("account.delete_other"));
    typed.focus();
    return null;
  }
  const result = await fresh(() => call("DELETE", "/customers/me"), { open: "delete-dialog" });
  if (!result.ok) {
    return result;
  }
  sessionStorage.clear();
  sessionEnded();
  location.replace("/login?deleted");
  return null;
});
