// Dialogs, including the one for reauthentication.

import { closeDialog, hasPasskeys, openDialog, keep as store, take } from "./browser.js";
import { $, call, clearMessage, here, onSubmit, setFieldError, show, showError, t, toLogin, withBusy } from "./page.js";
import { exchange, signWithPasskey } from "./passkeys.js";

const DRAFT = "draft";
const dialog = $("#again-dialog");
const slot = $(".slot", dialog);
const password = $("#again-password");
let resolveReauthentication = () => {};
let unfinished = null;
// The dialog whose step needs a recent login: hidden meanwhile, with what was typed.
let below = null;

export function open(element) {
  for (const part of element.querySelectorAll(".slot")) {
    clearMessage(part);
  }
  openDialog(element);
}

// Buttons with data-close close their dialog. Closing a dialog clears its password fields.
export function wireDialogs() {
  for (const button of document.querySelectorAll("[data-close]")) {
    button.addEventListener("click", () => closeDialog(button.closest("dialog")));
  }
  for (const element of document.querySelectorAll("dialog")) {
    element.addEventListener("close", () => {
      for (const input of element.querySelectorAll("input[autocomplete$=password]")) {
        input.value = "";
        setFieldError(input, "");
      }
    });
  }
}

// Returns the form that was open when the owner had to leave for a login. It has no passwords and is read once.
export function takeDraft() {
  const kept = JSON.parse(take(DRAFT) || "null");
  return kept?.page === location.pathname ? kept : null;
}

function keep(draft) {
  store(DRAFT, JSON.stringify({ ...draft, page: location.pathname }));
}

// Run a step; if it needs a recent login, reauthenticate and run it again. ``draft`` restores the form after a redirect.
export async function withRecentLogin(step, draft) {
  const result = await step();
  if (result.code === "not_authenticated") {
    keep(draft);
    return toLogin({ ended: "" });
  }
  if (result.code !== "reauth_required") {
    return result;
  }
  return (await reauthenticated(draft)) ? step() : { ...result, code: "cancelled" };
}

async function reauthenticated(draft) {
  const [result, passkeys] = await Promise.all([call("GET", "/auth/identities"), call("GET", "/auth/passkeys")]);
  const ways = result.ok ? result.body.identities.filter((identity) => identity.can_log_in) : [];
  const byPassword = ways.find((identity) => identity.provider === "email");
  unfinished = draft;
  show($("#again-form"), Boolean(byPassword));
  show($("#again-code-form"), false);
  $("#again-code-form").reset();
  $("#again-form").elements.username.value = byPassword?.email ?? "";
  show($("#again-passkey"), hasPasskeys() && passkeys.ok && passkeys.body.passkeys.length > 0);
  for (const button of dialog.querySelectorAll("[data-again]")) {
    show(
      button,
      ways.some((identity) => identity.provider === button.dataset.again),
    );
  }
  below = $("dialog[open]");
  below?.classList.add("below");
  open(dialog);
  if (!result.ok) {
    showError(slot, result);
  }
  (byPassword ? password : ($(".providers button:not([hidden])", dialog) ?? $("[data-close]", dialog))).focus();
  return new Promise((resolve) => {
    resolveReauthentication = resolve;
  });
}

onSubmit($("#again-form"), async () => {
  const result = await call("POST", "/auth/reauthenticate", { password: password.value });
  if (result.ok) {
    resolveReauthentication(true);
    closeDialog(dialog);
  } else if (result.code === "second_factor_required") {
    show($("#again-form"), false);
    show($("#again-code-form"));
    $("#again-code").focus();
  } else if (result.code === "invalid_credentials") {
    setFieldError(password, t("again.wrong"));
    password.select();
  } else if (result.code === "not_authenticated") {
    keep(unfinished);
    return toLogin({ ended: "" });
  } else {
    return result;
  }
  return null;
});

onSubmit($("#again-code-form"), async () => {
  const result = await call("POST", "/auth/login/second-factor", { code: $("#again-code").value });
  if (!result.ok) {
    $("#again-code").select();
    return result;
  }
  resolveReauthentication(true);
  closeDialog(dialog);
  return null;
});

async function confirmWithPasskey() {
  const result = await exchange("/auth/reauthenticate/passkey", signWithPasskey);
  if (!result.ok) {
    return result;
  }
  resolveReauthentication(true);
  closeDialog(dialog);
  return null;
}

$("#again-passkey").addEventListener("click", () => withBusy($("#again-passkey"), slot, confirmWithPasskey));

for (const button of dialog.querySelectorAll("[data-again]")) {
  button.addEventListener("click", () =>
    withBusy(button, slot, async () => {
      const path = `/auth/${button.dataset.again}/reauthenticate`;
      const result = await call("POST", path, { return_to: here() });
      if (!result.ok) {
        return result;
      }
      keep(unfinished);
      location.assign(result.body.authorization_url);
      return null;
    }),
  );
}

// No effect after a successful reauthentication: the promise is resolved already.
dialog.addEventListener("close", () => {
  below?.classList.remove("below");
  resolveReauthentication(false);
});
