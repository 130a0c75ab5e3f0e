// Of pages for a logged-in owner: dialogs, including the one for reauthentication, and loading the page's data.

import { hasPasskeys, keep as store, take } from "./browser.js";
import { wireCode } from "./factor_code.js";
import {
  $,
  accountId,
  call,
  clearMessage,
  errorText,
  here,
  make,
  onSubmit,
  setFieldError,
  show,
  showError,
  t,
  toLogin,
  unopened,
  withBusy,
} from "./page.js";
import { exchange, signWithPasskey } from "./passkeys.js";

// Browsers search the forms of a document for fields to fill in; on the account page, that took longer than all scripts.
unopened.append(...document.querySelectorAll("dialog"));

const DRAFT = "draft";
const dialog = $("#again-dialog");
const slot = $(".slot", dialog);
const LEAD = $(".lead", dialog).textContent;
const password = $("#again-password");
let resolveReauthentication = () => {};
let unfinished = null;
// The providers that can confirm, and "email" for the password.
let offered = [];
// The dialog whose step needs a recent login: hidden meanwhile, with what was typed.
let below = null;

// Safari before 15.4 and Firefox before 98 have no dialogs: there, the element is shown above the page.
export function openDialog(dialog) {
  const main = $("main");
  if (unopened.contains(dialog)) {
    main.append(dialog);
  }
  // Of a page with an open dialog, print.css prints the dialog.
  main.classList.add("asking");
  if (dialog.showModal) {
    dialog.showModal();
    return;
  }
  dialog.setAttribute("role", "dialog");
  dialog.setAttribute("open", "");
}

export function closeDialog(dialog) {
  if (dialog.close) {
    dialog.close();
  } else if (dialog.hasAttribute("open")) {
    dialog.removeAttribute("open");
    dialog.dispatchEvent(new Event("close"));
  }
}

export function open(element) {
  for (const part of element.querySelectorAll(".slot")) {
    clearMessage(part);
  }
  openDialog(element);
}

// Shows an error with a retry link, when the page could not load its data.
export function showLoadError(slot, result) {
  const again = make("button", { type: "button", class: "link" }, t("plain.again"));
  again.addEventListener("click", () => location.reload());
  showError(slot, result).append(" · ", again);
}

// When the owner comes back to this tab, unless a dialog is open.
export function onReturn(work) {
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible" && !$("dialog[open]")) {
      work();
    }
  });
}

// Buttons with data-close close their dialog. Closing a dialog clears its password fields.
export function wireDialogs() {
  for (const button of unopened.querySelectorAll("[data-close]")) {
    button.addEventListener("click", () => closeDialog(button.closest("dialog")));
  }
  for (const element of unopened.querySelectorAll("dialog")) {
    element.addEventListener("close", () => {
      $("main").classList.toggle("asking", Boolean($("dialog[open]")));
      for (const input of element.querySelectorAll("input[autocomplete$=password]")) {
        input.value = "";
        setFieldError(input, "");
      }
    });
  }
}

// For a secret that is shown once: neither Escape nor a phone's back button closes the dialog before it was kept. Browsers
// close a dialog at the second Escape, whatever ``cancel`` prevents, except with ``closedby="none"``.
export function closeOnlyKept(element, isKept, remind) {
  const onClose = (event) => {
    event.preventDefault();
    if (isKept()) {
      closeDialog(element);
    } else {
      remind();
    }
  };
  element.addEventListener("cancel", onClose);
  element.addEventListener("keydown", (event) => event.key === "Escape" && onClose(event));
}

// Returns what the owner was doing when they had to leave for a login: a form without passwords, or a button. It is read
// once, and not after a login to another account.
export function takeDraft() {
  const kept = JSON.parse(take(DRAFT) || "null");
  const isOthers = kept?.account && accountId() && kept.account !== accountId();
  return kept?.page === location.pathname && !isOthers ? kept : null;
}

export function keep(draft) {
  store(DRAFT, JSON.stringify({ ...draft, page: location.pathname, account: accountId() }));
}

// Run a step; if it needs a recent login, reauthenticate and run it again. ``draft`` restores the form after a redirect.
export async function withRecentLogin(step, draft) {
  const result = await step();
  if (result.code === "not_authenticated") {
    keep(draft);
    return toLogin();
  }
  if (result.code !== "reauth_required" && result.code !== "step_up_required") {
    return result;
  }
  $(".lead", dialog).textContent = result.code === "reauth_required" ? LEAD : errorText(result);
  return (await reauthenticated(draft)) ? step() : { ...result, code: "cancelled" };
}

// For a dialog that asks for a code of the second factor: a login afterwards would use the code up.
export function ensureRecentLogin(draft) {
  let isAsked = false;
  return withRecentLogin(async () => {
    const result = await call("GET", "/auth/session");
    const isOld = result.ok && !isAsked && Date.parse(result.body.session.fresh_until) <= Date.now();
    isAsked = true;
    return isOld ? { ...result, ok: false, code: "reauth_required" } : result;
  }, draft);
}

async function reauthenticated(draft) {
  const [result, passkeys] = await Promise.all([call("GET", "/auth/identities"), call("GET", "/auth/passkeys")]);
  const ways = result.ok ? result.body.identities.filter((identity) => identity.can_log_in) : [];
  const byPassword = ways.find((identity) => identity.provider === "email");
  unfinished = draft;
  offered = ways.map((identity) => identity.provider);
  askForCode(false);
  show($("#again-form"), Boolean(byPassword));
  $("#again-form").elements.username.value = byPassword?.email ?? "";
  show($("#again-passkey"), hasPasskeys() && passkeys.ok && passkeys.body.passkeys.length > 0);
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
    askForCode(true);
    $("#again-code").focus();
  } else if (result.code === "invalid_credentials") {
    setFieldError(password, t("again.wrong"));
    password.select();
  } else if (result.code === "not_authenticated") {
    keep(unfinished);
    return toLogin();
  } else {
    return result;
  }
  return null;
});

onSubmit($("#again-code-form"), async () => {
  const result = await call("POST", "/auth/login/second-factor", { code: $("#again-code").value });
  if (result.code === "pending_login_expired") {
    askForCode(false);
    password.focus();
    return result;
  }
  if (!result.ok) {
    $("#again-code").select();
    return result;
  }
  resolveReauthentication(true);
  closeDialog(dialog);
  return null;
});

// After the password: its form and the providers make room.
function askForCode(asked) {
  $("#again-code-form").reset();
  show($("#again-form"), !asked);
  show($("#again-code-form"), asked);
  for (const button of dialog.querySelectorAll("[data-again]")) {
    show(button, !asked && offered.includes(button.dataset.again));
  }
}

async function confirmWithPasskey() {
  const result = await exchange("/auth/reauthenticate/passkey", signWithPasskey);
  if (!result.ok) {
    return result;
  }
  resolveReauthentication(true);
  closeDialog(dialog);
  return null;
}

wireCode($("#again-code"));
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
