import { keep } from "./browser.js";
import { requestReturn } from "./handover.js";
import { reloadOn, showAddress, takeLink } from "./link.js";
import { $, call, errorText, findSession, onSubmit, setFieldError, swap } from "./page.js";
import { showStrength } from "./strength.js";

const { token, email } = takeLink();
const password = $("#new-password");

onSubmit($("#form"), async () => {
  const result = await call("POST", "/auth/password/reset", { token, password: password.value });
  if (result.code === "weak_password") {
    setFieldError(password, errorText(result));
    refuse();
    password.focus();
  } else if (result.code === "invalid_link") {
    swap($("#ask"), $("#no-link"));
  } else if (result.ok) {
    password.value = "";
    keep("email", email);
    swap($("#ask"), $("#done"));
  } else {
    return result;
  }
  return null;
});
const refuse = showStrength(password, () => email);
requestReturn();
reloadOn("token");
showAddress(email);
if (token) {
  password.focus();
} else {
  swap($("#ask"), $("#no-link"));
}
findSession();
