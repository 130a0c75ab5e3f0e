import { copyFrom } from "./browser.js";
import { deviceName } from "./device_name.js";
import {
  closeDialog,
  closeOnlyKept,
  onReturn,
  open,
  openDialog,
  showLoadError,
  takeDraft,
  wireDialogs,
  withRecentLogin,
} from "./dialogs.js";
import { enrolFirst } from "./enrolment.js";
import { menuOf } from "./menu.js";
import { ago, day, formatsReady, moment } from "./moments.js";
import { networksIn } from "./networks.js";
import {
  $,
  call,
  isolated,
  loadSession,
  make,
  onSubmit,
  parts,
  setFieldError,
  show,
  showMessage,
  t,
  toLogin,
} from "./page.js";
import { askForScopes, inWords, offer, scopesIn } from "./scopes.js";

const notice = $("#notice");
const making = $("#make");
const made = $("#made");
const removing = $("#remove");
const plaintext = $("#plaintext");
let copied = false;
const describing = $("#describe");
const restricting = $("#restrict");
const rotating = $("#rotate");
const ending = $("#end-old");
const overlap = $("#overlap");
const search = $("#search");
const SEARCHED_FROM = 10;
// One character in each.
const MOST_ROWS = 72;
let keys = [];
let chosen = null;

// --- the list ---------------------------------------------------------------------------------------------------

// On a phone, each cell shows the heading of its column.
const headings = [...document.querySelectorAll("#table thead th")].map((heading) => heading.textContent);

function cell(column, ...parts) {
  return make("td", { role: "cell", "data-label": headings[column] }, ...parts);
}

function row(key) {
  const menu = menuOf(key.name, [
    [t("keys.rename_one"), () => askToDescribe(key)],
    [t("keys.restrict_one"), () => askToRestrict(key)],
    ...(isOver(key) ? [] : [[t("keys.rotate_one"), () => askToRotate(key)]]),
    ...(key.old_secret ? [[t("keys.end_old_one"), () => askToEndOld(key)]] : []),
    [t("keys.delete_one"), () => askToRemove(key)],
  ]);
  const limits = key.networks.length > 0 ? t("keys.only_from", { networks: networksOf(key) }) : "";
  const may = key.scopes.length > 0 ? t("keys.may_only", { scopes: inWords(key.scopes) }) : "";
  const about = [key.description, limits, may].filter(Boolean).map((text) => make("span", { class: "about" }, text));
  return make(
    "tr",
    { role: "row" },
    make(
      "th",
      { scope: "row", role: "rowheader" },
      make("span", { class: "name" }, key.name),
      make("code", {}, `${key.key_prefix}…`),
      ...about,
    ),
    cell(1, day(key.created_at), ...rotation(key)),
    cell(2, ...ends(key)),
    cell(3, ...lastUse(key), ...oldUse(key)),
    make("td", { role: "cell", class: "act" }, menu),
  );
}

// "A, B, and C", with the commas and words of the language.
function networksOf(key) {
  return new Intl.ListFormat(document.documentElement.lang).format(key.networks.map(isolated));
}

function isOver(key) {
  return Boolean(key.expires_at) && new Date(key.expires_at) <= new Date();
}

function rotation(key) {
  return key.rotated_at
    ? [make("span", { class: "about" }, ...parts("keys.rotated", { day: day(key.rotated_at) }))]
    : [];
}

function ends(key) {
  if (!key.expires_at) {
    return [t("keys.never")];
  }
  return isOver(key)
    ? [make("span", { class: "badge bad" }, t("keys.expired")), day(key.expires_at)]
    : [day(key.expires_at)];
}

function lastUse(key) {
  if (!key.last_used_at) {
    return [t("keys.unused")];
  }
  const by = usedBy(key);
  return [ago(key.last_used_at), ...(by ? [make("span", { class: "about" }, by)] : [])];
}

function usedBy(secret) {
  return [deviceName(secret.last_used_device), isolated(secret.last_used_source)].filter(Boolean).join(" · ");
}

// Until when the old secret works, and its last use: the owner waits until no machine uses it.
function oldUse(key) {
  const old = key.old_secret;
  if (!old) {
    return [];
  }
  const prefix = make("code", {}, `${old.key_prefix}…`);
  const use = old.last_used_at
    ? [...parts("keys.old_last", { time: ago(old.last_used_at) }), usedBy(old) && ` · ${usedBy(old)}`]
    : [t("keys.old_unused")];
  return [
    make("span", { class: "about old" }, ...parts("keys.old_used", { prefix })),
    make("span", { class: "about" }, ...use),
    make("span", { class: "about" }, ...parts("keys.old_until", { time: moment(old.ends_at) })),
  ];
}

// Newest first; a key that was never used or does not expire comes last.
const ORDERS = {
  created_at: (a, b) => b.created_at.localeCompare(a.created_at),
  name: (a, b) => a.name.localeCompare(b.name),
  last_used_at: (a, b) => (b.last_used_at ?? "").localeCompare(a.last_used_at ?? ""),
  expires_at: (a, b) => (a.expires_at ?? "9999").localeCompare(b.expires_at ?? "9999"),
};

function matches(key, words) {
  const text = `${key.name} ${key.description}`.toLowerCase();
  const prefix = key.key_prefix.toLowerCase();
  return words.every((word) => text.includes(word) || prefix.startsWith(word));
}

function draw() {
  const words = search.value.toLowerCase().split(" ").filter(Boolean);
  const found = keys.filter((key) => matches(key, words)).sort(ORDERS[$("#order").value]);
  $("#keys").replaceChildren(...found.map(row));
  show($("#table"), keys.length > 0);
  show($("#empty"), keys.length === 0);
  // Expired keys do not count.
  const count = keys.filter((key) => !isOver(key)).length;
  $("#count").textContent = count ? t("keys.count", { count }) : "";
  const isPart = words.length > 0;
  $("#search-note").textContent = isPart ? t("keys.found", { count: found.length, total: keys.length }) : "";
}

async function list() {
  const [result] = await Promise.all([call("GET", "/customers/api-keys"), formatsReady]);
  if (result.code === "not_authenticated") {
    return toLogin();
  }
  if (result.ok) {
    keys = result.body.api_keys;
    offer(result.body.scopes);
    const isLong = keys.length >= SEARCHED_FROM;
    show($("#tools"), isLong);
    search.value = isLong ? search.value : "";
    draw();
  }
  return result;
}

search.addEventListener("input", draw);
$("#order").addEventListener("change", draw);

// --- creating ---------------------------------------------------------------------------------------------------

const DAY_MS = 86_400_000;
const expiry = $("#key-expiry");
const lastDay = $("#key-date");
const allowed = $("#key-networks");

function askForName({ name = "", description = "", expires = "90", day = "", networks = [], scopes = [] } = {}) {
  $("#key-name").value = name;
  $("#key-description").value = description;
  expiry.value = expires;
  lastDay.value = day;
  allowed.value = networks.join("\n");
  askForScopes("key", scopes);
  allowed.closest("details").open = networks.length + scopes.length > 0;
  setFieldError(allowed, "");
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
  $("#key-expiry-note").textContent =
    at === undefined ? "" : t(at ? "keys.works_until" : "keys.works_always", { day: until });
}

expiry.addEventListener("change", showExpiry);
lastDay.addEventListener("change", showExpiry);

onSubmit($("#make-form"), async () => {
  const networks = networksIn(allowed);
  const scopes = scopesIn("key");
  if (networks === undefined || scopes === undefined) {
    return null;
  }
  const given = { name: $("#key-name").value.trim(), description: $("#key-description").value.trim() };
  const body = { ...given, expires_at: chosenExpiry()?.toISOString() ?? "", networks, scopes: orNull(scopes) };
  const chosenBefore = { expires: expiry.value, day: lastDay.value, networks: networks ?? [], scopes };
  const draft = { open: "make", ...given, ...chosenBefore };
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
  $("#line-cli").value = `comfy cloud set-key --key ${key}`;
  $("#line-api").value = `"extra_data": {"api_key_comfy_org": "${key}"}`;
  $("#copied").textContent = "";
  openDialog(made);
  showWhole();
  // A reload would lose the key. Not after a logout in another tab, which removes the dialog.
  globalThis.onbeforeunload = () => (!copied && made.isConnected ? t("keys.not_copied") : undefined);
  $("#copy").focus();
}

// As many rows as the key needs at this width and zoom, so that copying by hand gets all of it.
function showWhole() {
  for (plaintext.rows = 1; plaintext.scrollHeight > plaintext.clientHeight && plaintext.rows < MOST_ROWS; ) {
    plaintext.rows += 1;
  }
}

addEventListener("resize", showWhole);

async function copy(field, button) {
  const isCopied = await copyFrom(field);
  copied ||= isCopied;
  $("#copied").textContent = t(isCopied ? "keys.copied" : "keys.copy_yourself");
  button.focus();
}

$("#copy").addEventListener("click", (event) => copy(plaintext, event.currentTarget));
for (const button of made.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", () => copy($(`#${button.dataset.copy}`), button));
}
$("#made-done").addEventListener("click", () => closeDialog(made));
closeOnlyKept(
  made,
  () => copied,
  () => {
    $("#copied").textContent = t("keys.not_copied");
  },
);
made.addEventListener("close", () => {
  globalThis.onbeforeunload = null;
  for (const field of [plaintext, $("#line-cli"), $("#line-api")]) {
    field.value = "";
  }
  $("#new-key").focus();
});

// --- one key ----------------------------------------------------------------------------------------------------

// The key that a dialog is about, and the secret of it that the dialog names.
function choose(key, dialog, secret = key) {
  chosen = key;
  $(`#${dialog}-name`).textContent = key.name;
  $(`#${dialog}-prefix`).textContent = `${secret.key_prefix}…`;
}

async function finish(dialog, text) {
  closeDialog(dialog);
  await list();
  showMessage(notice, text, "good");
  $("#title").focus();
  return null;
}

// --- renaming ---------------------------------------------------------------------------------------------------

function askToDescribe(key, { name, description } = key) {
  chosen = key;
  $("#new-name").value = name;
  $("#new-description").value = description;
  setFieldError($("#new-name"), "");
  open(describing);
  $("#new-name").focus();
}

onSubmit($("#describe-form"), async () => {
  const given = { name: $("#new-name").value.trim(), description: $("#new-description").value.trim() };
  const draft = { open: "describe", id: chosen.id, ...given };
  const result = await withRecentLogin(() => call("PATCH", `/customers/api-keys/${chosen.id}`, given), draft);
  if (!result.ok) {
    return result;
  }
  return finish(describing, t("keys.renamed", given));
});

// --- restricting ------------------------------------------------------------------------------------------------

const newNetworks = $("#new-networks");

// Without a restriction, which is not the same as an empty list.
function orNull(values) {
  return values.length > 0 ? values : null;
}

function askToRestrict(key, { networks, scopes } = key) {
  choose(key, "restrict");
  askForScopes("new", scopes);
  newNetworks.value = networks.join("\n");
  setFieldError(newNetworks, "");
  open(restricting);
  newNetworks.focus();
}

onSubmit($("#restrict-form"), async () => {
  const networks = networksIn(newNetworks);
  const scopes = scopesIn("new");
  if (networks === undefined || scopes === undefined) {
    return null;
  }
  const draft = { open: "restrict", id: chosen.id, networks: networks ?? [], scopes };
  // Scopes only when they were changed: this deployment may no longer have those of the key.
  const isSame = $("#new-may-field").hidden || scopes.join(" ") === chosen.scopes.join(" ");
  const body = isSame ? { networks } : { networks, scopes: orNull(scopes) };
  const result = await withRecentLogin(() => call("PATCH", `/customers/api-keys/${chosen.id}`, body), draft);
  if (!result.ok) {
    return result;
  }
  return finish(restricting, t("keys.renamed", { name: chosen.name }));
});

// --- rotating ---------------------------------------------------------------------------------------------------

function askToRotate(key, days = "7") {
  choose(key, "rotate");
  overlap.value = key.old_secret ? "0" : days;
  showOverlap();
  open(rotating);
}

function showOverlap() {
  const until = new Date(Date.now() + Number(overlap.value) * DAY_MS).toISOString();
  const isNone = overlap.value === "0";
  $("#overlap-note").textContent = isNone
    ? t("keys.overlap_none")
    : t("keys.overlap_until", { day: moment(until).textContent });
}

overlap.addEventListener("change", showOverlap);

onSubmit($("#rotate-form"), async () => {
  const draft = { open: "rotate", id: chosen.id, days: overlap.value };
  const rotate = () => call("POST", `/customers/api-keys/${chosen.id}/rotate`, { overlap_days: Number(overlap.value) });
  const result = await withRecentLogin(rotate, draft);
  if (!result.ok) {
    return result;
  }
  closeDialog(rotating);
  reveal(result.body.api_key.plaintext_key);
  await list();
  return null;
});

function askToEndOld(key) {
  choose(key, "end-old", key.old_secret);
  open(ending);
}

onSubmit($("#end-old-form"), async () => {
  const { id } = chosen;
  const draft = { open: "end-old", id };
  const result = await withRecentLogin(() => call("DELETE", `/customers/api-keys/${id}/old-secret`), draft);
  // 404: it has ended already, which is fine.
  if (!result.ok && result.status !== 404) {
    return result;
  }
  return finish(ending, t("keys.old_ended", { name: chosen.name }));
});

// --- deleting ---------------------------------------------------------------------------------------------------

function askToRemove(key) {
  choose(key, "remove");
  open(removing);
}

onSubmit($("#remove-form"), async () => {
  const draft = { open: "remove", id: chosen.id };
  const result = await withRecentLogin(() => call("DELETE", `/customers/api-keys/${chosen.id}`), draft);
  // 404: already deleted in another tab, which is fine.
  if (!result.ok && result.status !== 404) {
    return result;
  }
  return finish(removing, t("keys.deleted", { name: chosen.name }));
});

const RESUMED = {
  describe: askToDescribe,
  restrict: askToRestrict,
  rotate: (key, { days }) => askToRotate(key, days),
  "end-old": (key) => key.old_secret && askToEndOld(key),
  remove: askToRemove,
};

// --- the page ---------------------------------------------------------------------------------------------------

async function start() {
  const [, result] = await Promise.all([loadSession(), list().then(enrolFirst)]);
  show($("#loading"), false);
  if (!result.ok) {
    showLoadError(notice, result);
    return;
  }
  show($("#loaded"));
  const draft = takeDraft();
  const asked = new URLSearchParams(location.search).has("new");
  if (draft?.open === "make" || asked) {
    // A reload does not ask again.
    history.replaceState(null, "", location.pathname);
    askForName(draft ?? {});
  }
  const drafted = keys.find((key) => key.id === draft?.id);
  if (drafted) {
    RESUMED[draft.open](drafted, draft);
  }
}

wireDialogs();
onReturn(list);
for (const button of document.querySelectorAll("[data-new]")) {
  button.addEventListener("click", () => askForName());
}
// In a task of its own: the browser can paint before.
setTimeout(start);
