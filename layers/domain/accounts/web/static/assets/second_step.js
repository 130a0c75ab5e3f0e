// The second step of a login: a code of the second factor, or of our email. The pending login is in a cookie that scripts
// cannot read.

import { hasPasskeys, take } from "./browser.js";
import { wireCode } from "./factor_code.js";
import { maskedAddress } from "./link.js";
import {
  $,
  call,
  carry,
  errorText,
  findSession,
  make,
  onSubmit,
  returnTo,
  show,
  showMessage,
  slotOf,
  t,
  withBusy,
} from "./page.js";
import { exchange, signWithPasskey } from "./passkeys.js";
import { offerAgain } from "./sent.js";

const form = $("#form");
const code = $("#code");
const back = $("#back");
// The account's factors, which the first step knows.
const factors = new URLSearchParams(location.search).get("factors") ?? "";
const isEmailed = factors === "email_code";
// As chosen in the first step. With a code, the pending login knows it.
const remember = take("remember") === "yes";

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
  if (result.code === "pending_login_expired") {
    showMessage(slotOf(form), errorText(result), "bad", " ", make("a", { href: back.href }, back.textContent));
    return null;
  }
  code.select();
  return result;
}

function askForEmailedCode() {
  const email = maskedAddress();
  if (email) {
    $("#emailed").textContent = t("second_step.emailed", { email });
  }
  for (const part of document.querySelectorAll("[data-by]")) {
    show(part, part.dataset.by === "email");
  }
  offerAgain($("#again"), slotOf(form), () => call("POST", "/auth/login/email-code"));
}

async function usePasskey() {
  const result = await exchange("/auth/login/passkey", async (options) => {
    const signed = await signWithPasskey(options);
    return { ...signed, body: { ...signed.body, remember } };
  });
  return result.ok ? enter() : result;
}

onSubmit(form, finish);
wireCode(code);
carry(returnTo());
show($("[data-swap]"), !factors || factors.includes("recovery_code"));
show($("#passkey"), factors.includes("passkey") && hasPasskeys());
$("#passkey").addEventListener("click", () => withBusy($("#passkey"), slotOf(form), usePasskey));
code.focus();
if (isEmailed) {
  askForEmailedCode();
}
// Confirming who is logged in does not trust the browser.
findSession().then((result) => show($("#trust-part"), !result.ok && !isEmailed));
