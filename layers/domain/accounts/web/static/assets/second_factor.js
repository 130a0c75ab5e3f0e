// Two-step login: turning it on with an app, recovery codes, and turning it off.

import { closeDialog, copyFrom, openDialog } from "./browser.js";
import { open, withRecentLogin } from "./dialogs.js";
import { $, call, errorText, make, onSubmit, show, t, withBusy } from "./page.js";
import { announceChange } from "./profile.js";

const setup = $("#factor-dialog");
const change = $("#factor-change-dialog");
const list = $("#codes-dialog");
const codes = $("#codes");
let started = null;
let changing = null;
let said = "";

export function showSecondFactor(result) {
  const { on, recovery_codes_left: left } = result.body;
  const state = on ? t("factor.on", { left }) : t("factor.off");
  $("#factor-state").textContent = result.ok ? state : errorText(result);
  show($("#factor-on"), result.ok && !on);
  show($("#factor-codes"), result.ok && on);
  show($("#factor-off"), result.ok && on);
}

export async function startSecondFactor() {
  const result = await withRecentLogin(() => call("POST", "/auth/second-factor/setup"), { factor: true });
  if (!result.ok) {
    return result;
  }
  started = result.body;
  $("#factor-image").src = started.qr_code;
  $("#factor-secret").textContent = started.secret.match(/.{1,4}/g).join(" ");
  $("#factor-form").reset();
  open(setup);
  $("#factor-code").focus();
  return null;
}

onSubmit($("#factor-form"), async () => {
  const given = { setup: started.setup, code: $("#factor-code").value };
  const result = await withRecentLogin(() => call("POST", "/auth/second-factor", given), {});
  if (!result.ok) {
    $("#factor-code").select();
    return result;
  }
  closeDialog(setup);
  reveal(result.body.recovery_codes, t("factor.turned_on"));
  return null;
});

// Closing the dialog removes the secret from the page.
setup.addEventListener("close", () => {
  started = null;
  $("#factor-image").removeAttribute("src");
  $("#factor-secret").textContent = "";
});

function ask(what) {
  changing = what;
  $("#factor-change-title").textContent = what.title;
  $("#factor-change-lead").textContent = what.lead;
  $("#factor-change-yes").textContent = what.title;
  $("#factor-change-form").reset();
  open(change);
  $("#factor-change-code").focus();
}

onSubmit($("#factor-change-form"), async () => {
  const given = { code: $("#factor-change-code").value };
  const result = await withRecentLogin(() => call("POST", changing.path, given), {});
  if (!result.ok) {
    $("#factor-change-code").select();
    return result;
  }
  closeDialog(change);
  changing.done(result);
  return null;
});

function reveal(found, message) {
  said = message;
  codes.value = found.join("\n");
  $("#codes-copied").textContent = "";
  $("#codes-form").reset();
  codes.value = found.join("\n");
  $("#codes-done").disabled = true;
  openDialog(list);
  $("#codes-title").focus();
}

// Escape would lose codes that nobody has kept.
list.addEventListener("cancel", (event) => {
  if (!$("#codes-kept").checked) {
    event.preventDefault();
    $("#codes-copied").textContent = t("factor.codes_not_kept");
  }
});
list.addEventListener("close", () => {
  codes.value = "";
  announceChange(said);
});
$("#codes-kept").addEventListener("change", (event) => {
  $("#codes-done").disabled = !event.target.checked;
});
$("#codes-form").addEventListener("submit", (event) => {
  event.preventDefault();
  closeDialog(list);
});
$("#codes-copy").addEventListener("click", async () => {
  $("#codes-copied").textContent = t((await copyFrom(codes)) ? "factor.codes_copied" : "factor.codes_copy_yourself");
});
$("#codes-download").addEventListener("click", () => {
  const file = new Blob([`${codes.value}\n`], { type: "text/plain" });
  const address = URL.createObjectURL(file);
  make("a", { href: address, download: t("factor.codes_file") }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
});

$("#factor-on").addEventListener("click", () => withBusy($("#factor-on"), $("#notice"), startSecondFactor));
$("#factor-codes").addEventListener("click", () =>
  ask({
    title: t("factor.new_codes"),
    lead: t("factor.new_codes_lead"),
    path: "/auth/second-factor/recovery-codes",
    done: (result) => reveal(result.body.recovery_codes, t("factor.codes_replaced")),
  }),
);
$("#factor-off").addEventListener("click", () =>
  ask({
    title: t("factor.turn_off"),
    lead: t("factor.turn_off_lead"),
    path: "/auth/second-factor/off",
    done: () => announceChange(t("factor.turned_off")),
  }),
);
