import { hasPasskeys, keep, keepsCookies } from "./browser.js";
import { lastMethod } from "./last_method.js";
import {
  $,
  call,
  carryReturn,
  errorText,
  findSession,
  isMalformedEmail,
  make,
  onSubmit,
  PROVIDERS,
  returnTo,
  show,
  showMessage,
  slotOf,
  support,
  t,
} from "./page.js";
import { offerProviders } from "./providers.js";

const form = $("#form");
const slot = slotOf(form);
const help = $("#help");

// Shows help after a failed login, with a link to it for small screens, where it is below the form.
function offerHelp(result) {
  $("#help-contact").replaceChildren(support(result));
  show(help);
  showMessage(slot, errorText(result), "bad", " ", make("a", { href: "#help" }, t("help.what")));
}

async function logIn() {
  const { email, password, remember } = form.elements;
  const given = { email: email.value.trim(), password: password.value, remember: remember.checked };
  const result = await call("POST", "/auth/login", given);
  if (result.code === "invalid_credentials") {
    offerHelp(result);
    password.select();
    return null;
  }
  if (result.body?.factors) {
    const { factors, email: to } = result.body;
    const query = new URLSearchParams({ return_to: returnTo(), factors });
    keep("remember", remember.checked ? "yes" : "");
    form.reset();
    // The fragment stays in the browser.
    location.replace(`/second-step?${query}${to ? `#${new URLSearchParams({ email: to })}` : ""}`);
    return null;
  }
  if (!result.ok) {
    return result;
  }
  return enter();
}

// No session after a login: the browser blocks the cookie.
async function enter() {
  const here = await call("GET", "/auth/session");
  if (here.status === 401) {
    cookiesBlocked();
    return null;
  }
  form.reset();
  location.replace(returnTo());
  return null;
}

function cookiesBlocked() {
  showMessage(slot, t("cookies.blocked"), "bad", support({}));
}

async function sendAgain() {
  const said = $("#resent");
  const email = form.elements.email;
  if (!email.value.trim() || isMalformedEmail(email)) {
    said.textContent = t("help.which_address");
    email.focus();
    return;
  }
  said.textContent = t("help.sending");
  const result = await call("POST", "/auth/email/resend", { email: email.value.trim() });
  said.textContent = result.ok ? t("help.sent") : errorText(result);
}

// Shows the message for ?left, ?deleted, ?ended or ?cancelled, and removes it from the address, so that a reload does not
// repeat it. A link alone cannot say that an account was deleted.
async function greet() {
  const query = new URLSearchParams(location.search);
  const provider = PROVIDERS[Object.keys(PROVIDERS).find((name) => name === query.get("cancelled"))];
  const isDeleted = query.has("deleted") && (await import("./notes.js")).takeNote("deleted");
  const asked = ["left", "ended"].find((name) => query.has(name)) ?? (provider && "cancelled");
  const said = isDeleted ? "deleted" : asked;
  if (said) {
    const isQuiet = said === "ended" || said === "cancelled";
    showMessage(slot, t(`login.${said}`, { provider }), isQuiet ? "info" : "good");
    query.delete(said);
    history.replaceState(null, "", String(query) ? `?${query}` : location.pathname);
  }
}

function markLastMethod() {
  const button = $(`[data-method=${lastMethod()}]`);
  if (button) {
    const mark = make("span", { class: "last", id: "last", "aria-hidden": "true" }, t("login.last"));
    button.append(mark);
    button.setAttribute("aria-describedby", mark.id);
  }
}

// Says what the login is for: the page or the program that it returns to.
async function sayWhy() {
  const { pathname, search } = new URL(returnTo(), location.origin);
  if (pathname === "/api-keys") {
    $(".lead").textContent = t("login.for_keys");
  } else if (pathname === "/oauth/authorize") {
    const { ok, body } = await call("GET", `${pathname}/request${search}`);
    $(".lead").textContent =
      ok && body.client ? t("login.for_program", { name: body.client.name }) : $(".lead").textContent;
  } else if (pathname === "/device") {
    $(".lead").textContent = t("login.for_device");
  }
}

onSubmit(form, logIn);
$("#resend").addEventListener("click", sendAgain);
carryReturn();
markLastMethod();
sayWhy();
offerProviders();
const hasCookies = keepsCookies();
// Loaded later: few visitors have a passkey.
if (hasPasskeys() && hasCookies) {
  show($("#passkey"));
  import("./passkey_login.js").then(({ offerPasskeys }) => offerPasskeys(slot, enter));
}
if (hasCookies) {
  greet();
  findSession().then((result) => result.ok && location.replace(returnTo()));
} else {
  cookiesBlocked();
}
