// What links say. Emailed links have their token in the fragment, which no server, proxy or mail scanner sees. It is
// removed from the address bar at once, and used only after a click.

import { $, PROVIDERS, show } from "./page.js";

// Anyone can write a link to a page, so the page shows only what the service itself could have written there.
// The domain with its own letters, which may be any: see accounts.model.email_addresses.
const DOMAIN = "@[\\p{L}\\p{M}\\p{N}\\u200c\\u200d\\u30fb.-]{1,253}$";
const ADDRESS = new RegExp(`^[!-?A-~]{1,64}${DOMAIN}`, "u");
const MASKED = new RegExp(`^[!-?A-~]?•••${DOMAIN}`, "u");

function fragment() {
  return new URLSearchParams(location.hash.slice(1));
}

function inForm(text, form) {
  return form.test(text) ? text : "";
}

export function takeLink() {
  const given = fragment();
  history.replaceState(null, "", location.pathname);
  return {
    token: given.get("token") ?? "",
    provider: Object.keys(PROVIDERS).find((name) => name === given.get("with")) ?? "",
    change: given.has("change"),
    email: inForm(given.get("email") ?? "", ADDRESS),
  };
}

// The address of an emailed code, as the service masks it; an empty text if the link has none.
export function maskedAddress() {
  return inForm(fragment().get("email") ?? "", MASKED);
}

// The address is a field of its form, so that password managers save the password for it.
export function showAddress(email) {
  $("#address").value = email;
  show($("#address-field"), Boolean(email));
}

// Opening another link in the same tab changes only the fragment, which does not reload the page. A link to a part of the
// page changes it, too.
export function reloadOn(name) {
  addEventListener("hashchange", () => fragment().has(name) && location.reload());
}
