// The login buttons of the providers that this deployment offers.

import { $, call, make, PROVIDERS, returnTo, show, t } from "./page.js";

// Facebook, Instagram, WeChat, Line, TikTok, Snapchat, KakaoTalk, LinkedIn, X, and WebViews of other apps for Android.
const IN_APP =
  /FBA[NV]\/|FB_IAB|Instagram|MicroMessenger|\bLine\/|BytedanceWebview|musical_ly|Snapchat|KAKAOTALK|LinkedInApp|Twitter for|; wv\)/;

export async function offerProviders() {
  const place = $("#providers");
  const result = await call("GET", `/auth/methods?${new URLSearchParams({ origin: location.origin })}`);
  const offered = result.ok ? result.body.methods : [];
  for (const name of Object.keys(PROVIDERS)) {
    const link = $(`#${name}`);
    link.href = `/auth/${name}/start?${new URLSearchParams({ return_to: returnTo() })}`;
    show(link, offered.includes(name));
  }
  if (offered.includes("google") && IN_APP.test(navigator.userAgent)) {
    // Before anything is shown, so that nothing moves.
    const { explain } = await import("./in_app.js");
    await explain($("#google"));
  }
  if (!result.ok) {
    const again = make("button", { type: "button", class: "link" }, t("providers.again"));
    const line = make("p", { class: "foot" }, t("providers.unknown"), " ", again);
    again.addEventListener("click", () => {
      line.remove();
      offerProviders();
    });
    place.append(line);
  }
  show(place, !result.ok || Boolean($(".wide:not([hidden])", place)));
  for (const element of document.querySelectorAll(".pending")) {
    element.classList.remove("pending");
  }
}
