// Device login (RFC 8628 3.3). The owner types the code that the device shows, or opens a link with the code in the
// fragment, which no server sees. Opening the link alone does nothing: the owner has to continue and to allow it.

import { keep as store, take } from "./browser.js";
import { deviceName } from "./device_name.js";
import { showLoadError, takeDraft, wireDialogs, withRecentLogin } from "./dialogs.js";
import { enrolFirst } from "./enrolment.js";
import { reloadOn } from "./link.js";
import { moment } from "./moments.js";
import {
  $,
  call,
  errorText,
  isolated,
  loadSession,
  make,
  onSubmit,
  setFieldError,
  show,
  slotOf,
  swap,
  t,
  toLogin,
} from "./page.js";
import { ask, offerOtherAccount } from "./question.js";

const STORAGE_KEY = "device-code";
const USER_CODE = /^[a-z]{4}-?[a-z]{4}$/i;
const enter = $("#enter");
const question = $("#question");
const form = $("#form");
const input = $("#user-code");

// Removes the code from the address bar. During a login it is kept in this tab's storage, which is read once. Of a link,
// which anyone can write, only a code is shown.
function takeCode() {
  const linked = new URLSearchParams(location.hash.slice(1)).get("user_code");
  const given = linked && USER_CODE.test(linked) ? linked : null;
  history.replaceState(null, "", location.pathname);
  const kept = take(STORAGE_KEY);
  return given ?? kept;
}

function keep() {
  store(STORAGE_KEY, input.value);
}

function logInFirst() {
  keep();
  return toLogin();
}

// Formats the code as devices show it, for comparison.
function formatCode(text) {
  const letters = text
    .normalize("NFKC")
    .toUpperCase()
    .replace(/[^A-Z]/g, "");
  return `${letters.slice(0, 4)}-${letters.slice(4)}`;
}

async function lookUp() {
  const code = input.value;
  const result = await call("POST", "/oauth/device/request", { user_code: code });
  if (result.code === "not_authenticated") {
    return logInFirst();
  }
  if (result.code === "invalid_user_code") {
    rejectCode(result);
    return null;
  }
  if (!result.ok) {
    return result;
  }
  const { device, source, asked_at: at } = result.body.device;
  $("#shown-code").textContent = formatCode(code);
  swap(enter, question);
  const { fingerprint } = result.body.client.document ?? {};
  ask(result.body, `${deviceName(device)} · ${isolated(source)}`, (decision) => answer(code, decision, fingerprint));
  $("#question-where").append(" · ", moment(at));
  return null;
}

function rejectCode(result) {
  setFieldError(input, errorText(result));
  input.select();
}

async function answer(code, decision, fingerprint) {
  const send = () => call("POST", "/oauth/device", { user_code: code, decision, fingerprint });
  const result = await withRecentLogin(send, { code });
  if (result.ok) {
    input.value = "";
    swap(question, $(decision === "allow" ? "#allowed" : "#denied"));
    return null;
  }
  if (result.code === "invalid_user_code") {
    swap(question, enter);
    rejectCode(result);
    return null;
  }
  return result;
}

// Adapts the consent question to a device: shows its code, and warns that it may belong to someone else.
function adaptQuestion() {
  $("#question-where").previousElementSibling.textContent = t("device.where");
  const code = make("dd", {}, make("code", { id: "shown-code" }));
  $(".asked").prepend(make("div", {}, make("dt", {}, t("device.shown")), code));
  const warning = make("p", { class: "message warn" }, t("device.warning"));
  $(".lead", question).replaceWith(make("div", { class: "lead" }, warning));
  // A code can be answered by one account only; for another account, the device needs a new code.
  $("#question-other").remove();
}

async function open() {
  const result = await loadSession().then(enrolFirst);
  if (result.status === 401) {
    await logInFirst();
  }
  show($("#loading"), false);
  show(enter);
  show($(".foot", enter), result.ok);
  if (result.ok) {
    $("#enter-account").textContent = result.body.email_shown;
    input.focus();
    if (resumed) {
      // Back from a login that the answer needed: show the question again.
      $("[type=submit]", form).click();
    }
  } else {
    showLoadError(slotOf(form), result);
  }
}

wireDialogs();
const code = takeCode();
const draft = takeDraft();
// A link that was opened since the draft was kept replaces it.
const resumed = code ? null : draft;
input.value = resumed?.code ?? code;
adaptQuestion();
onSubmit(form, lookUp);
offerOtherAccount($("#enter-other"), slotOf(form), keep);
$("#language").addEventListener("change", keep);
reloadOn("user_code");
open();
