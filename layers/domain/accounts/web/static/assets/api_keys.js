import { closeDialog, copyFrom, openDialog } from "./browser.js";
import { open, takeDraft, wireDialogs, withRecentLogin } from "./dialogs.js";
import {
  $,
  call,
  loadSession,
  make,
  moment,
  onSubmit,
  setFieldError,
  show,
  showLoadError,
  showMessage,
  t,
  toLogin,
} from "./page.js";

const notice = $("#notice");
const making = $("#make");
const made = $("#made");
const removing = $("#remove");
const plaintext = $("#plaintext");
let copied = false;
let chosen = null;

// --- the list ---------------------------------------------------------------------------------------------------

function entry(key) {
  const used = key.last_used_at ? [t("keys.used"), " ", moment(key.last_used_at)] : [t("keys.unused")];
  const button = make("button", { type: "button", class: "danger small-button" }, t("keys.delete"));
  button.setAttribute("aria-label", t("keys.delete_one", { name: key.name }));
  button.addEventListener("click", () => askToRemove(key));
  return make(
    "li",
    {},
    make("div", { class: "what" }, make("h3", {}, key.name), make("code", {}, `${key.key_prefix}…`)),
    ...(key.description ? [make("p", { class: "about" }, key.description)] : []),
    make("p", { class: "about" }, t("keys.created"), " ", moment(key.created_at), " · ", ...used, ...ends(key)),
    make("div", { class: "act" }, button),
  );
}

function ends(key) {
  if (!key.expires_at) {
    return [];
  }
  const isOver = new Date(key.expires_at) <= new Date();
  return [" · ", t(isOver ? "keys.expired" : "keys.expires"), " ", moment(key.expires_at)];
}

async function list() {
  const result = await call("GET", "/customers/api-keys");
  if (result.code === "not_authenticated") {
    return toLogin();
  }
  if (result.ok) {
    $("#keys").replaceChildren(...result.body.api_keys.map(entry));
    show($("#empty"), result.body.api_keys.length === 0);
  }
  return result;
}

// --- creating ---------------------------------------------------------------------------------------------------

const DAY_MS = 86_400_000;
const expiry = $("#key-expiry");
const lastDay = $("#key-date");

function askForName({ name = "", description = "", expires = "90", day = "" } = {}) {
  $("#key-name").value = name;
  $("#key-description").value = description;
  expiry.value = expires;
  lastDay.value = day;
  setFieldError($("#key-name"), "");
  setFieldError(lastDay, "");
  showExpiry();
  open(making);
  $("#key-name").focus();
}

// Null for never; undefined while no day is chosen. The last day ends at midnight of the owner's time zone.
function chosenExpiry() {
  if (expiry.value === "date") {
    return lastDay.value ? new Date(`${lastDay.value}T23:59:59`) : undefined;
  }
  return expiry.value ? new Date(Date.now() + Number(expiry.value) * DAY_MS) : null;
}

function showExpiry() {
  show($("#key-date-field"), expiry.value === "date");
  const at = chosenExpiry();
  const until = at && moment(at.toISOString()).textContent;
  $("#key-expiry-note").textContent = at === undefined ? "" : t(at ? "keys.works_until" : "keys.works_always", { day: until });
}

expiry.addEventListener("change", showExpiry);
lastDay.addEventListener("change", showExpiry);

onSubmit($("#make-form"), async () => {
  const given = { name: $("#key-name").value.trim(), description: $("#key-description").value.trim() };
  const body = { ...given, expires_at: chosenExpiry()?.toISOString() ?? null };
  const draft = { open: "make", ...given, expires: expiry.value, day: lastDay.value };
  const result = await withRecentLogin(() => call("POST", "/customers/api-keys", body), draft);
  if (!result.ok) {
    return result;
  }
  closeDialog(making);
  reveal(result.body.api_key.plaintext_key);
  await list();
  return null;
});

function reveal(key) {
  copied = false;
  plaintext.value = key;
  $("#copied").textContent = "";
  openDialog(made);
  $("#copy").focus();
}

async function copy() {
  copied = await copyFrom(plaintext);
  $("#copied").textContent = t(copied ? "keys.copied" : "keys.copy_yourself");
  $("#copy").focus();
}

$("#copy").addEventListener("click", copy);
$("#made-done").addEventListener("click", () => closeDialog(made));
made.addEventListener("cancel", (event) => {
  // Escape would lose a key that has not been copied.
  if (!copied) {
    event.preventDefault();
    $("#copied").textContent = t("keys.not_copied");
  }
});
made.addEventListener("close", () => {
  plaintext.value = "";
  $("#new-key").focus();
});

// --- deleting ---------------------------------------------------------------------------------------------------

function askToRemove(key) {
  chosen = key;
  $("#remove-name").textContent = key.name;
  $("#remove-prefix").textContent = `${key.key_prefix}…`;
  open(removing);
}

onSubmit($("#remove-form"), async () => {
  const result = await withRecentLogin(() => call("DELETE", `/customers/api-keys/${chosen.id}`), { open: "" });
  // 404: already deleted in another tab, which is fine.
  if (!result.ok && result.status !== 404) {
    return result;
  }
  closeDialog(removing);
  await list();
  showMessage(notice, t("keys.deleted", { name: chosen.name }), "good");
  $("#title").focus();
  return null;
});

// --- the page ---------------------------------------------------------------------------------------------------

async function start() {
  const [, result] = await Promise.all([loadSession(), list()]);
  show($("#loading"), false);
  if (!result.ok) {
    showLoadError(notice, result);
    return;
  }
  show($("#loaded"));
  const draft = takeDraft();
  if (draft?.open === "make") {
    askForName(draft);
  }
}

wireDialogs();
$("#new-key").addEventListener("click", () => askForName());
start();
