// The consent page (RFC 6749 4.1). It shows only what the service returned for the client's request.

import { keep, showLoadError, takeDraft, wireDialogs, withRecentLogin } from "./dialogs.js";
import { enrolFirst } from "./enrolment.js";
import { $, call, errorText, loadSession, show, t, toLogin } from "./page.js";
import { ask } from "./question.js";

const PATH = "/oauth/authorize";
const KNOWN = [
  "client_id",
  "redirect_uri",
  "response_type",
  "state",
  "scope",
  "code_challenge",
  "code_challenge_method",
  "resource",
  "max_age",
  "acr_values",
  "prompt",
];
// Read once, so that the request that is shown is the one that is answered. Unknown parameters are ignored (RFC 6749
// 3.1); repeated ones are sent as they are, and the service refuses them.
const asked = [...new URLSearchParams(location.search)].filter(([name]) => KNOWN.includes(name));

// When the service first answered this page: a login after that is what ``max_age`` asks for, also in another tab or
// after a redirect.
let askedAt;

const draft = () => ({ request: location.search, askedAt });

function redirect(address) {
  // Redirect URIs are http or https; another scheme could run a script or start a program.
  if (!/^https?:\/\//.test(address)) {
    throw new TypeError("not an address");
  }
  location.replace(address);
  return new Promise(() => {});
}

// Show why the request cannot be answered: it is invalid, or the service is unavailable.
function showRefusal(result) {
  const forNow = result.status === 0 || result.status === 429 || result.status >= 500;
  const card = $(forNow ? "#failed" : "#refused");
  if (forNow) {
    showLoadError($(".slot", card), result);
  } else {
    $("#refused-words").textContent = result.code === "malformed_request" ? t("consent.malformed") : errorText(result);
    $("#refused-code").textContent = [result.code, result.request].filter(Boolean).join(" ");
  }
  showOnly(card);
  $("h1", card).focus();
}

function showOnly(card) {
  for (const part of [$("#loading"), $("#question"), $("#refused"), $("#failed")]) {
    show(part, part === card);
  }
}

function destination({ host, port, loopback }) {
  const name = host.includes(":") ? `[${host}]` : host;
  return loopback
    ? t("consent.here", { host: name, port })
    : t("consent.elsewhere", { host: port ? `${name}:${port}` : name });
}

async function answer(question, decision) {
  const { fingerprint } = question.client.document ?? {};
  const page = { decision, account: question.account.id, fingerprint, asked_at: askedAt };
  const result = await withRecentLogin(() => call("POST", PATH, { ...Object.fromEntries(asked), ...page }), draft());
  if (result.ok) {
    return redirect(result.body.redirect_to);
  }
  if (result.code === "account_changed" || result.code === "client_changed") {
    await open();
  }
  return result;
}

async function open() {
  const question = call("GET", `${PATH}/request?${new URLSearchParams(asked)}`);
  const [result] = await Promise.all([question.then(enrolFirst), loadSession()]);
  askedAt ??= result.body.asked_at;
  if (!result.ok) {
    showRefusal(result);
  } else if (result.body.redirect_to) {
    await redirect(result.body.redirect_to);
  } else if (!result.body.account) {
    keep(draft());
    await toLogin();
  } else {
    showOnly($("#question"));
    ask(result.body, destination(result.body.redirect), (decision) => answer(result.body, decision));
  }
}

wireDialogs();
const kept = takeDraft();
askedAt = kept?.request === location.search ? kept.askedAt : undefined;
open();
