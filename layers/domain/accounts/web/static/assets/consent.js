// The consent page (RFC 6749 4.1). It shows only what the service returned for the client's request.

import { takeDraft, wireDialogs, withRecentLogin } from "./dialogs.js";
import { $, call, errorText, loadSession, show, showLoadError, t, toLogin } from "./page.js";
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
];
// Read once, so that the request that is shown is the one that is answered. Unknown parameters are ignored (RFC 6749
// 3.1); repeated ones are sent as they are, and the service refuses them.
const asked = [...new URLSearchParams(location.search)].filter(([name]) => KNOWN.includes(name));

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
  const given = { ...Object.fromEntries(asked), decision, account: question.account.id, fingerprint };
  const result = await withRecentLogin(() => call("POST", PATH, given), {});
  if (result.ok) {
    return redirect(result.body.redirect_to);
  }
  if (result.code === "account_changed" || result.code === "client_changed") {
    await open();
  }
  return result;
}

async function open() {
  const [result] = await Promise.all([call("GET", `${PATH}/request?${new URLSearchParams(asked)}`), loadSession()]);
  if (!result.ok) {
    showRefusal(result);
  } else if (result.body.redirect_to) {
    await redirect(result.body.redirect_to);
  } else if (!result.body.account) {
    await toLogin();
  } else {
    showOnly($("#question"));
    ask(result.body, destination(result.body.redirect), (decision) => answer(result.body, decision));
  }
}

wireDialogs();
takeDraft(); // The address has everything that the question needs.
open();
