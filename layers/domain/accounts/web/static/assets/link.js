// Emailed links have their token in the fragment, which no server, proxy or mail scanner sees. It is removed from the
// address bar at once, and used only after a click.

export function takeLink() {
  const fragment = new URLSearchParams(location.hash.slice(1));
  history.replaceState(null, "", location.pathname);
  return { token: fragment.get("token") ?? "", provider: fragment.get("with") ?? "", change: fragment.has("change") };
}

// Opening another link in the same tab changes only the fragment, which does not reload the page.
addEventListener("hashchange", () => {
  if (location.hash) {
    location.reload();
  }
});
