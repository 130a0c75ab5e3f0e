// Name, email address and password.

import { closeDialog, open, withRecentLogin } from "./dialogs.js";
import { $, call, errorText, onSubmit, setFieldError, show, t, withBusy } from "./page.js";
import { showStrength } from "./strength.js";

let customer = null;
let emailShown = "";
let hasPassword = false;
let pending = null;

// Makes the page reload its data and show ``text``.
export function announceChange(text) {
  dispatchEvent(new CustomEvent("changed", { detail: text }));
}

export function fillIn(session, { identities, pending_change: change }) {
  customer = session.customer;
  emailShown = session.email_shown;
  hasPassword = identities.some((identity) => identity.provider === "email" && identity.can_log_in);
  $("#name-shown").textContent = customer.name || t("account.no_name");
  $("#email-shown").textContent = emailShown;
  $("#password-shown").textContent = t(hasPassword ? "account.has_password" : "account.no_password");
  $("#password-open").textContent = t(hasPassword ? "account.change_password" : "account.set_password");
  $("#delete-address").textContent = emailShown;
  pending = change;
  show($("#pending-change"), Boolean(pending));
  $("#pending-shown").textContent = pending?.email_shown ?? "";
  const problem = $("#mail-problem");
  show(problem, Boolean(session.mail_problem));
  problem.textContent = session.mail_problem ? t(`mail_problem.${session.mail_problem}`) : "";
  $("#password-form").elements.username.value = customer.email;
}

// Whether the owner typed the address of the account, in either of its forms.
export function isEmail(typed) {
  const written = typed.trim().normalize("NFC").toLowerCase();
  return [customer.email, emailShown].includes(written);
}

export function startChange(name, values = {}) {
  const dialog = $(`#${name}`);
  const form = $("form", dialog);
  form.reset();
  prepare(name);
  for (const [key, value] of Object.entries(values)) {
    form.elements[key].value = value;
  }
  open(dialog);
  $(".field:not([hidden]) input", form).focus();
}

function prepare(name) {
  if (name === "name-dialog") {
    $("#name").value = customer.name ?? "";
  }
  if (name === "password-dialog") {
    $("#password-dialog-title").textContent = t(hasPassword ? "account.change_password" : "account.set_password");
    $("#password-lead").textContent = t(hasPassword ? "account.change_password_lead" : "account.set_password_lead");
    show($("#current-field"), hasPassword);
    $("#password-form .strength").dataset.score = 0;
    $("#password-form").elements.username.value = customer.email;
  }
}

function done(form, text) {
  closeDialog(form.closest("dialog"));
  announceChange(text);
  return null;
}

onSubmit($("#name-form"), async () => {
  const values = { name: $("#name").value.trim() };
  const result = await withRecentLogin(() => call("PATCH", "/customers/me", values), { open: "name-dialog", values });
  return result.ok ? done($("#name-form"), t("account.name_changed")) : result;
});

async function askToChange(email) {
  const draft = { open: "email-dialog", values: { email } };
  const result = await withRecentLogin(() => call("POST", "/auth/email/change", { email }), draft);
  return result.ok ? done($("#email-form"), t("account.email_sent", { email })) : result;
}

async function cancelChange() {
  const result = await withRecentLogin(() => call("DELETE", "/auth/email/change"), { press: "pending-cancel" });
  if (!result.ok) {
    return result;
  }
  announceChange(t("account.pending_cancelled", { email: emailShown, pending: pending.email_shown }));
  return null;
}

onSubmit($("#email-form"), () => askToChange($("#new-email").value.trim()));
for (const [id, act] of [
  ["#pending-again", () => askToChange(pending.email_shown)],
  ["#pending-cancel", cancelChange],
]) {
  $(id).addEventListener("click", () => withBusy($(id), $("#notice"), act));
}

onSubmit($("#password-form"), async () => {
  const [current, wanted] = [$("#current-password"), $("#new-password")];
  const step = hasPassword
    ? () => call("POST", "/auth/password/change", { current_password: current.value, new_password: wanted.value })
    : () => call("POST", "/auth/password", { new_password: wanted.value });
  const result = await withRecentLogin(step, { open: "password-dialog" });
  const about = { invalid_credentials: current, weak_password: wanted }[result.code];
  if (about) {
    if (about === wanted) {
      refuse();
    }
    setFieldError(about, result.code === "weak_password" ? errorText(result) : t("again.wrong"));
    about.focus();
    return null;
  }
  return result.ok
    ? done($("#password-form"), t(hasPassword ? "account.password_changed" : "account.password_set"))
    : result;
});

const refuse = showStrength($("#new-password"), () => customer.email);
