import { keep, take } from "./browser.js";
import { awaitLogin } from "./handover.js";
import { leaveNote } from "./notes.js";
import { $, call, carryReturn, errorText, findSession, onSubmit, returnTo, setFieldError } from "./page.js";
import { offerProviders } from "./providers.js";
import { showSent } from "./sent.js";
import { showStrength } from "./strength.js";

// As long as the cookie of the sign-up.
const SIGNED_UP_SECONDS = 3600;
const form = $("#form");
const {
  name,
  email,
  new_password: password,
} = {
  name: $("#name"),
  email: $("#email"),
  new_password: $("#new-password"),
};

onSubmit(form, async () => {
  const given = { email: email.value.trim(), password: password.value };
  if (name.value.trim()) {
    given.name = name.value.trim();
  }
  const result = await call("POST", "/auth/signup", given);
  if (result.code === "weak_password") {
    setFieldError(password, errorText(result));
    refuse();
    password.focus();
    return null;
  }
  if (result.ok) {
    leaveNote("signed-up", SIGNED_UP_SECONDS);
    awaitLogin();
    showSent(given.email, (address) => call("POST", "/auth/email/resend", { email: address }));
    return null;
  }
  return result;
});
const refuse = showStrength(password, () => email.value.trim());
name.value = take("name") || name.value;
$("#language").addEventListener("change", () => keep("name", name.value.trim()));
carryReturn();
offerProviders();
findSession().then((result) => result.ok && location.replace(returnTo()));
