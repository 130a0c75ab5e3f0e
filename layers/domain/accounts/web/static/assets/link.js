// A mailed link brings its token in the fragment, which no server, proxy or mail scanner sees. It leaves the address
// bar at once, and nothing is done with it before a person clicks.

export function arrived() {
  const fragment = new URLSearchParams(location.hash.slice(1));
  history.replaceState(null, "", location.pathname);
  return { token: fragment.get("token") ?? "", provider: fragment.get("with") ?? "", change: fragment.has("change") };
}

// Another link opened in the same tab changes the fragment alone, and nothing would be read anew.
addEventListener("hashchange", () => {
  if (location.hash) {
    location.reload();
  }
});
