// Where the site requires two-step login: a login without it only sets it up, on the account page.

import { $, call, errorText, here, make, returnTo, show, showMessage, t, toLogin } from "./page.js";

const REQUIRED = "second_factor_setup_required";

// Leaves any other page for the account page. Returns the result unless that happens.
export function enrolFirst(result) {
  if (result.code !== REQUIRED && !(result.ok && result.body.enrolling)) {
    return result;
  }
  location.replace(`/account?${new URLSearchParams({ return_to: here() })}`);
  return new Promise(() => {});
}

// Leaves only the part that sets it up on the account page.
export function showEnrolmentOnly({ email_shown: email }) {
  const title = $("#factor-title");
  $("#email-shown").textContent = email;
  for (const part of document.querySelectorAll("#loaded > *, #security > :not(h2)")) {
    show(part, part.contains(title));
  }
  showMessage($("#notice"), errorText({ code: REQUIRED }), "info");
}

export function leaveEnrolment() {
  location.replace(returnTo());
}

// The login is too old, or the account has a passkey and was entered without it.
export function askToLogInAgain() {
  const link = make("a", { href: "/login" }, t("enrol.again"));
  link.addEventListener("click", async (event) => {
    event.preventDefault();
    await call("POST", "/auth/logout");
    toLogin();
  });
  showMessage($("#notice"), errorText({ code: REQUIRED }), "info", " ", link);
}
