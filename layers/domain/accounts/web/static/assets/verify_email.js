import { arrived } from "./link.js";
import { $, call, fault, onSubmit, PROVIDERS, say, sessionBegan, show, swap, t, toLogin, whoIsHere } from "./page.js";

const KEPT = "change";
const password = $("#password");

// Confirming a new address needs a session. During a login, the token is kept in this tab's sessionStorage.
function opened() {
  const link = arrived();
  const kept = sessionStorage.getItem(KEPT);
  sessionStorage.removeItem(KEPT);
  return link.token || !kept ? link : { token: kept, provider: "", change: true };
}

const { token, provider, change } = opened();

const confirm = {
  signUp: () => call("POST", "/auth/email/verify", { token, password: password.value }),
  provider: () => call("POST", "/auth/identities/confirm", { token }),
  change: () => call("POST", "/auth/email/change/confirm", { token }),
}[change ? "change" : provider ? "provider" : "signUp"];

onSubmit($("#form"), async () => {
  const result = await confirm();
  if (result.ok) {
    password.value = "";
    $("#done-words").textContent = t(change ? "verify.changed" : "verify.confirmed", { email: result.body.email });
    swap($("#ask"), $("#done"));
    whoIsHere();
    if (!change) {
      sessionBegan(() => $("#done-words").append(" ", t("verify.carried")));
    }
  } else if (result.code === "invalid_link") {
    swap($("#ask"), $(change ? "#no-change" : "#no-link"));
  } else if (result.code === "invalid_credentials") {
    fault(password, t("verify.other_password"));
    password.select();
  } else if (result.code === "not_authenticated" && change) {
    sessionStorage.setItem(KEPT, token);
    await toLogin();
  } else {
    return result;
  }
  return null;
});

onSubmit($("#resend-form"), async (slot) => {
  const result = await call("POST", "/auth/email/resend", { email: $("#email").value.trim() });
  if (result.ok) {
    say(slot, t("verify.sent"), "good");
  }
  return result.ok ? null : result;
});

if (!token) {
  swap($("#ask"), $("#no-link"));
} else if (change || provider) {
  $("#lead").textContent = change
    ? t("verify.change_lead")
    : t("verify.provider_lead", { provider: PROVIDERS[provider] ?? "" });
  show($("#password-field"), false);
  $("#form [type=submit]").focus();
} else {
  password.focus();
}
whoIsHere();
