import { keep, take } from "./browser.js";
import { announceLogin } from "./handover.js";
import { reloadOn, showAddress, takeLink } from "./link.js";
import { hasNote } from "./notes.js";
import {
  $,
  call,
  errorText,
  findSession,
  loadSession,
  make,
  onSubmit,
  PROVIDERS,
  setFieldError,
  show,
  showMessage,
  swap,
  t,
  toLogin,
} from "./page.js";

const STORAGE_KEY = "change-link";
const password = $("#password");

// Confirming a new address needs a session. During a login, the token is kept in this tab's storage.
function takeToken() {
  const link = takeLink();
  const kept = take(STORAGE_KEY);
  return link.token || !kept ? link : { ...JSON.parse(kept), provider: "", change: true };
}

const { token, provider, change, email } = takeToken();

const confirm = {
  signUp: () => call("POST", "/auth/email/verify", password.value ? { token, password: password.value } : { token }),
  provider: () => call("POST", "/auth/identities/confirm", { token }),
  change: () => call("POST", "/auth/email/change/confirm", { token }),
}[change ? "change" : provider ? "provider" : "signUp"];

// In the browser that signed up, its cookie replaces the password.
function askPassword(wanted) {
  show($("#lead-elsewhere"), wanted);
  show($("#lead"), !wanted);
  show($("#password-field"), wanted);
  (wanted ? password : $("#form [type=submit]")).focus();
}

onSubmit($("#form"), async (slot) => {
  const result = await confirm();
  if (result.ok) {
    password.value = "";
    const here = await loadSession();
    const said = change ? "verify.changed" : here.status === 401 ? "cookies.blocked" : "verify.confirmed";
    $("#done-words").textContent = t(said, { email: here.body.email_shown ?? result.body.email });
    swap($("#ask"), $("#done"));
    if (here.ok && !change) {
      announceLogin(() => $("#done-words").append(" ", t("verify.carried")));
    }
  } else if (result.code === "password_required") {
    askPassword(true);
  } else if (result.code === "invalid_link" && isConfirmed(await loadSession())) {
    showConfirmed();
  } else if (result.code === "invalid_link") {
    swap($("#ask"), $(change ? "#no-change" : "#no-link"));
  } else if (result.code === "invalid_credentials") {
    setFieldError(password, t("verify.other_password"));
    password.select();
  } else if (result.code === "address_confirmed") {
    showMessage(slot, errorText(result), "bad", " ", make("a", { href: "/login" }, t("verify.log_in")));
  } else if (result.code === "not_authenticated" && change) {
    if (keep(STORAGE_KEY, JSON.stringify({ token, email }))) {
      await toLogin();
    }
    showMessage(slot, t("verify.log_in_first"), "bad", " ", make("a", { href: "/login" }, t("verify.log_in")));
  } else {
    return result;
  }
  return null;
});

// A link that was used in this browser: its address is that of the session.
function isConfirmed({ body }) {
  return Boolean(email) && [body.email_shown, body.customer?.email].includes(email);
}

function showConfirmed() {
  show($("#done-already"));
  swap($("#ask"), $("#done"));
}

onSubmit($("#resend-form"), async (slot) => {
  const result = await call("POST", "/auth/email/resend", { email: $("#email").value.trim() });
  if (result.ok) {
    showMessage(slot, t("verify.sent"), "good");
  }
  return result.ok ? null : result;
});

reloadOn("token");
showAddress(email);
$("#email").value = email;
if (!token) {
  swap($("#ask"), $("#no-link"));
} else if (change || provider) {
  $("#lead").textContent = change
    ? t("verify.change_lead")
    : t("verify.provider_lead", { provider: PROVIDERS[provider] });
  show($("#password-field"), false);
  $("#form [type=submit]").focus();
} else {
  askPassword(!hasNote("signed-up"));
  findSession().then((found) => isConfirmed(found) && showConfirmed());
}
if (!token || change || provider) {
  findSession();
}
