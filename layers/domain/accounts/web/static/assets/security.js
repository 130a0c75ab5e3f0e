// Passkeys: listing, adding, renaming and removing; and removing the password beside them.

import { hasPasskeys } from "./browser.js";
import { askToConfirm } from "./confirm.js";
import { closeDialog, open, withRecentLogin } from "./dialogs.js";
import { moment } from "./moments.js";
import { $, call, errorText, make, onSubmit, parts, show, t, withBusy } from "./page.js";
import { createPasskey, exchange } from "./passkeys.js";
import { announceChange } from "./profile.js";

const METHODS_WITHOUT_PASSWORD = 2;
const form = $("#passkey-form");
let passkeys = [];
let renamed = null;

export function showPasskeys(result, identities) {
  passkeys = result.ok ? result.body.passkeys : [];
  const ways = identities.filter((identity) => identity.can_log_in);
  const others = ways.filter((identity) => identity.provider !== "email").length + passkeys.length;
  show($("#passkeys-part"), hasPasskeys() || passkeys.length > 0);
  const isFull = passkeys.length >= Number(t("limits.passkeys_max"));
  show($("#add-passkey"), hasPasskeys() && !isFull);
  show($("#passkeys-full"), isFull);
  show($("#remove-password"), others >= METHODS_WITHOUT_PASSWORD && ways.length + passkeys.length > others);
  $("#passkeys").replaceChildren(...(result.ok ? passkeys.map(entry) : [line(errorText(result))]));
  if (result.ok && passkeys.length === 0) {
    $("#passkeys").append(line(t("passkeys.none")));
  }
}

function line(text) {
  return make("li", {}, make("p", { class: "about" }, text));
}

function entry(passkey) {
  const what = make("div", { class: "what" }, make("h4", {}, passkey.name));
  if (passkey.synced) {
    what.append(make("span", { class: "badge plain" }, t("passkeys.synced")));
  }
  const at = passkey.last_used_at;
  const used = at ? parts("passkeys.used", { time: moment(at) }) : [t("passkeys.unused")];
  const added = parts("passkeys.added_at", { time: moment(passkey.created_at) });
  const about = make("p", { class: "about" }, ...added, " · ", ...used);
  const act = make(
    "div",
    { class: "act several" },
    button(`rename-${passkey.id}`, t("passkeys.rename"), t("passkeys.rename_one", passkey), () => rename(passkey)),
    button(`remove-${passkey.id}`, t("passkeys.remove"), t("passkeys.remove_one", passkey), (id) =>
      remove(id, passkey),
    ),
  );
  return make("li", {}, what, about, act);
}

function button(id, text, label, act) {
  const element = make("button", { type: "button", id, class: "small-button", "aria-label": label }, text);
  element.addEventListener("click", () => act(id));
  return element;
}

async function addPasskey() {
  const result = await withRecentLogin(() => exchange("/auth/passkeys", createPasskey), { press: "add-passkey" });
  if (!result.ok) {
    return result;
  }
  announceChange(t("passkeys.added", { name: result.body.passkey.name }));
  return null;
}

// Continues after a login: with the name that was typed.
export function resumeRename({ rename: id, name }) {
  const passkey = passkeys.find((it) => it.id === id);
  if (passkey) {
    rename(passkey, name);
  }
}

function rename(passkey, name = passkey.name) {
  renamed = passkey;
  form.reset();
  form.elements.name.value = name;
  open($("#passkey-dialog"));
  form.elements.name.focus();
}

function remove(id, passkey) {
  askToConfirm({
    button: id,
    title: t("passkeys.remove_one", { name: passkey.name }),
    lead: t("passkeys.remove_lead"),
    yes: t("passkeys.remove"),
    step: () => call("DELETE", `/auth/passkeys/${passkey.id}`),
    done: () => announceChange(t("passkeys.removed", { name: passkey.name })),
  });
}

onSubmit(form, async () => {
  const name = form.elements.name.value.trim();
  const { id } = renamed;
  const result = await withRecentLogin(() => call("PATCH", `/auth/passkeys/${id}`, { name }), { rename: id, name });
  if (!result.ok) {
    return result;
  }
  closeDialog($("#passkey-dialog"));
  announceChange(t("passkeys.renamed", { name }));
  return null;
});

$("#add-passkey").addEventListener("click", () => withBusy($("#add-passkey"), $("#notice"), addPasskey));
$("#remove-password").addEventListener("click", () =>
  askToConfirm({
    button: "remove-password",
    title: t("passkeys.remove_password"),
    lead: t("passkeys.remove_password_lead"),
    yes: t("passkeys.remove_password"),
    step: () => call("DELETE", "/auth/password"),
    done: () => announceChange(t("passkeys.password_removed")),
  }),
);
