import { $, show } from "./page.js";

// Emailed links have their token in the fragment, which no server, proxy or mail scanner sees. It is removed from the
// address bar at once, and used only after a click.

export function takeLink() {
  const fragment = new URLSearchParams(location.hash.slice(1));
  history.replaceState(null, "", location.pathname);
  const given = (name) => fragment.get(name) ?? "";
  return { token: given("token"), provider: given("with"), change: fragment.has("change"), email: given("email") };
}

// The address is a field of its form, so that password managers save the password for it.
export function showAddress(email) {
  $("#address").value = email;
  show($("#address-field"), Boolean(email));
}

// Opening another link in the same tab changes only the fragment, which does not reload the page.
addEventListener("hashchange", () => {
  if (location.hash) {
    location.reload();
  }
});
