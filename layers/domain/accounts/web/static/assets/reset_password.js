import { arrived } from "./link.js";
import { $, askReturn, call, fault, onSubmit, swap, whoIsHere, words } from "./page.js";
import { showStrength } from "./strength.js";

const { token } = arrived();
const password = $("#new-password");

onSubmit($("#form"), async () => {
  const result = await call("POST", "/auth/password/reset", { token, password: password.value });
  if (result.code === "weak_password") {
    fault(password, words(result));
    password.focus();
  } else if (result.code === "invalid_link") {
    swap($("#ask"), $("#no-link"));
  } else if (result.ok) {
    password.value = "";
    swap($("#ask"), $("#done"));
  } else {
    return result;
  }
  return null;
});
showStrength(password, () => "");
askReturn();
if (token) {
  password.focus();
} else {
  swap($("#ask"), $("#no-link"));
}
whoIsHere();
