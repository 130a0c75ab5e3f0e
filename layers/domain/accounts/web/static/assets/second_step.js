// The second step of a login. The pending login is in a cookie that scripts cannot read.

import { $, call, carryReturn, onSubmit, returnTo, setFieldError, show, slotOf, withBusy } from "./page.js";
import { exchange, hasPasskeys, signWithPasskey } from "./passkeys.js";

const form = $("#form");
const code = $("#code");

function enter() {
  form.reset();
  location.replace(returnTo());
  return null;
}

async function finish() {
  const given = { code: code.value, trust: form.elements.trust.checked };
  const result = await call("POST", "/auth/login/second-factor", given);
  if (result.ok) {
    return enter();
  }
  if (result.code === "invalid_second_factor") {
    code.select();
  }
  return result;
}

async function usePasskey() {
  const result = await exchange("/auth/login/passkey", signWithPasskey);
  return result.ok ? enter() : result;
}

onSubmit(form, finish);
code.addEventListener("input", () => setFieldError(code, ""));
carryReturn();
show($("#passkey"), hasPasskeys());
$("#passkey").addEventListener("click", () => withBusy($("#passkey"), slotOf(form), usePasskey));
code.focus();
