// Two-step login: turning it on with an app, recovery codes, and turning it off.

import { copyFrom } from "./browser.js";
import { closeDialog, closeOnlyKept, ensureRecentLogin, open, openDialog, withRecentLogin } from "./dialogs.js";
import { askToLogInAgain, leaveEnrolment } from "./enrolment.js";
import { wireCode } from "./factor_code.js";
import { moment } from "./moments.js";
import { $, call, errorText, make, onSubmit, parts, show, t, withBusy } from "./page.js";
import { announceChange } from "./profile.js";
import { showTrusted } from "./trusted_browsers.js";

const FEW_CODES = 3;
const setup = $("#factor-dialog");
const change = $("#factor-change-dialog");
const list = $("#codes-dialog");
const codes = $("#codes");
const newCode = $("#factor-code");
const changeCode = $("#factor-change-code");
let started = null;
let changing = null;
let said = "";
let isEnrolling = false;

// --- the account page -------------------------------------------------------------------------------------------

export function showSecondFactor(result, enrolling = false) {
  isEnrolling = enrolling;
  const { on, recovery_codes_left: left, trusted_browsers: trusted, reset_at: resetAt } = result.body;
  const isOn = result.ok && on;
  show($("#factor-part"), isOn || Boolean(resetAt) || t("limits.second_factor") !== "off");
  $("#factor-state").textContent = result.ok ? t(isOn ? "factor.on" : "factor.off", { left }) : errorText(result);
  $("#factor-few").textContent = t(left ? "factor.few_codes" : "factor.no_codes");
  show($("#factor-badge"), isOn);
  showTrusted(isOn ? trusted : []);
  show($("#factor-few"), isOn && left <= FEW_CODES);
  showReset(resetAt);
  show($("#factor-on"), result.ok && !on);
  show($("#factor-codes"), isOn);
  show($("#factor-off"), isOn);
}

// A reset that an operator requested. A login that only sets it up cannot cancel it.
function showReset(at) {
  show($("#factor-reset"), Boolean(at));
  show($("#factor-keep"), Boolean(at) && !isEnrolling);
  $("#factor-reset").replaceChildren(...(at ? parts("factor.reset", { time: moment(at) }) : []));
}

function onPress(step, work) {
  const id = `factor-${step}`;
  const button = $(`#${id}`);
  button.addEventListener("click", () => withBusy(button, $("#notice"), () => work({ press: id })));
}

// A login that only sets it up cannot be confirmed in a dialog.
async function inLogin(step, draft) {
  if (!isEnrolling) {
    return withRecentLogin(step, draft);
  }
  const result = await step();
  if (result.code === "reauth_required") {
    closeDialog(setup);
    askToLogInAgain();
    return { ...result, code: "cancelled" };
  }
  return result;
}

// --- turning it on ----------------------------------------------------------------------------------------------

async function startSetup(draft) {
  const result = await inLogin(() => call("POST", "/auth/second-factor/setup"), draft);
  if (!result.ok) {
    return result;
  }
  started = result.body;
  $("#factor-form").reset();
  $("#factor-image").src = started.qr_code;
  $("#factor-link").href = started.uri;
  $("#factor-secret").value = started.secret.match(/.{1,4}/g).join(" ");
  $("#factor-copied").textContent = "";
  open(setup);
  newCode.focus();
  return null;
}

onSubmit($("#factor-form"), async () => {
  const given = { setup: started.setup, code: newCode.value };
  const result = await inLogin(() => call("POST", "/auth/second-factor", given), { press: "factor-on" });
  if (!result.ok) {
    newCode.select();
    return result;
  }
  closeDialog(setup);
  reveal(result.body.recovery_codes, t("factor.turned_on"));
  return null;
});

$("#factor-copy").addEventListener("click", async () => {
  const isCopied = await copyFrom($("#factor-secret"));
  $("#factor-copied").textContent = t(isCopied ? "factor.copied" : "factor.copy_yourself");
});

// Closing the dialog removes the secret from the page.
setup.addEventListener("close", () => {
  started = null;
  $("#factor-image").removeAttribute("src");
  $("#factor-link").removeAttribute("href");
  $("#factor-secret").value = "";
});

// --- recovery codes ---------------------------------------------------------------------------------------------

function reveal(found, message) {
  said = message;
  $("#codes-form").reset();
  codes.value = found.join("\n");
  $("#codes-about").textContent = t("factor.codes_about", { email: $("#email-shown").textContent });
  $("#codes-note").textContent = "";
  openDialog(list);
  $("#codes-title").focus();
}

function remind() {
  $("#codes-note").textContent = t("factor.codes_not_kept");
  $("#codes-kept").focus();
}

closeOnlyKept(list, () => $("#codes-kept").checked, remind);
list.addEventListener("close", () => {
  codes.value = "";
  if (isEnrolling) {
    leaveEnrolment();
  } else {
    announceChange(said);
  }
});
$("#codes-form").addEventListener("submit", (event) => {
  event.preventDefault();
  if ($("#codes-kept").checked) {
    closeDialog(list);
  } else {
    remind();
  }
});
$("#codes-copy").addEventListener("click", async () => {
  $("#codes-note").textContent = t((await copyFrom(codes)) ? "factor.copied" : "factor.copy_yourself");
});
$("#codes-download").addEventListener("click", () => {
  const file = new Blob([`${$("#codes-about").textContent}\n\n${codes.value}\n`], { type: "text/plain" });
  const address = URL.createObjectURL(file);
  make("a", { href: address, download: t("factor.codes_file") }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
});

// --- changing it ------------------------------------------------------------------------------------------------

async function ask(what, draft) {
  const result = await ensureRecentLogin(draft);
  if (!result.ok) {
    return result;
  }
  changing = { ...what, draft };
  needCode(result.body.session.method !== "passkey");
  $("#factor-change-title").textContent = what.title;
  $("#factor-change-lead").textContent = what.lead;
  $("#factor-change-yes").textContent = what.yes;
  $("#factor-change-form").reset();
  open(change);
  if (changeCode.required) {
    changeCode.focus();
  }
  return null;
}

// A login with a passkey replaces the code.
function needCode(isNeeded) {
  changeCode.required = isNeeded;
  show($("#factor-change-part"), isNeeded);
}

onSubmit($("#factor-change-form"), async () => {
  const result = await withRecentLogin(() => call("POST", changing.path, { code: changeCode.value }), changing.draft);
  if (result.code === "wrong_second_factor" && !changeCode.required) {
    // The login was confirmed in the dialog, but without a passkey.
    needCode(true);
    changeCode.focus();
    return null;
  }
  if (!result.ok) {
    changeCode.select();
    return result;
  }
  closeDialog(change);
  changing.done(result);
  return null;
});

wireCode(changeCode);
onPress("on", startSetup);
onPress("keep", async (draft) => {
  const result = await withRecentLogin(() => call("DELETE", "/auth/second-factor/reset"), draft);
  if (result.ok) {
    announceChange(t("factor.reset_cancelled"));
  }
  return result.ok ? null : result;
});
onPress("codes", (draft) =>
  ask(
    {
      title: t("factor.new_codes"),
      lead: t("factor.new_codes_lead"),
      yes: t("factor.new_codes_yes"),
      path: "/auth/second-factor/recovery-codes",
      done: (result) => reveal(result.body.recovery_codes, t("factor.codes_replaced")),
    },
    draft,
  ),
);
onPress("off", (draft) =>
  ask(
    {
      title: t("factor.turn_off"),
      lead: t("factor.turn_off_lead"),
      yes: t("factor.turn_off_yes"),
      path: "/auth/second-factor/off",
      done: () => announceChange(t("factor.turned_off")),
    },
    draft,
  ),
);
