// Linked providers: listing, linking and unlinking.

import { askToConfirm } from "./confirm.js";
import { withRecentLogin } from "./dialogs.js";
import { $, call, make, PROVIDERS, t, withBusy } from "./page.js";
import { announceChange } from "./profile.js";

export function showLogins(identities, methods) {
  const linked = identities.filter((identity) => identity.provider in PROVIDERS);
  const free = Object.keys(PROVIDERS).filter(
    (name) => methods.includes(name) && !linked.some((identity) => identity.provider === name),
  );
  const hasPassword = identities.some((identity) => identity.provider === "email" && identity.can_log_in);
  $("#logins").replaceChildren(
    ...linked.map((identity) => entry(identity, hasPassword)),
    ...free.map(offer),
    ...nothing(linked.length + free.length),
  );
}

function nothing(count) {
  return count ? [] : [make("li", {}, make("p", { class: "about" }, t("logins.none")))];
}

function entry(identity, hasPassword) {
  const name = PROVIDERS[identity.provider];
  const id = `unlink-${identity.provider}`;
  return row(id, name, identity.email_shown, t("logins.unlink"), t("logins.unlink_one", { name }), () =>
    unlink(id, identity, name, hasPassword),
  );
}

function offer(provider) {
  const name = PROVIDERS[provider];
  const id = `link-${provider}`;
  return row(id, name, t("logins.not_linked"), t("logins.link"), t("logins.link_one", { name }), () =>
    link(id, provider),
  );
}

function row(id, name, about, action, label, act) {
  const button = make("button", { type: "button", id, class: "small-button", "aria-label": label }, action);
  button.addEventListener("click", () => withBusy(button, $("#notice"), act));
  const what = make("div", { class: "what" }, make("h4", {}, name));
  return make("li", {}, what, make("p", { class: "about" }, about), make("div", { class: "act" }, button));
}

// Redirects to the provider; returns the result only if that failed.
async function link(id, provider) {
  const step = () => call("POST", `/auth/${provider}/link`, { return_to: location.pathname });
  const result = await withRecentLogin(step, { press: id });
  if (!result.ok) {
    return result;
  }
  location.assign(result.body.authorization_url);
  return null;
}

function unlink(button, identity, name, hasPassword) {
  const password = hasPassword ? ` ${t("logins.unlink_password", { name })}` : "";
  askToConfirm({
    button,
    title: t("logins.unlink_one", { name }),
    lead: t("logins.unlink_lead", { name, email: identity.email_shown }) + password,
    yes: t("logins.unlink"),
    step: () => call("DELETE", `/auth/identities/${identity.id}`),
    done: () => announceChange(t("logins.unlinked", { name })),
  });
  return null;
}
