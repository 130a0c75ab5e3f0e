// Browsers that two-step login does not ask for a code.

import { askToConfirm } from "./confirm.js";
import { deviceName } from "./device_name.js";
import { moment } from "./moments.js";
import { $, call, make, parts, show, t } from "./page.js";
import { announceChange } from "./profile.js";

export function showTrusted(browsers) {
  show($("#trusted-part"), browsers.length > 0);
  show($("#trusted-end"), browsers.length > 1);
  $("#trusted").replaceChildren(...browsers.map(entry));
  const all = $("#trusted-end");
  all.onclick = () => remove(all, browsers, t("trusted.remove_all"));
}

function entry(browser) {
  const what = make("div", { class: "what" }, make("h4", {}, deviceName(browser.device)));
  if (browser.current) {
    what.append(make("span", { class: "badge" }, t("devices.this")));
  }
  const since = parts("passkeys.added_at", { time: moment(browser.trusted_at) });
  const until = parts("trusted.until", { time: moment(browser.expires_at) });
  const about = make("p", { class: "about" }, ...since, " · ", ...until);
  const title = t("passkeys.remove_one", { name: deviceName(browser.device) });
  const attributes = { type: "button", id: `distrust-${browser.id}`, class: "small-button", "aria-label": title };
  const button = make("button", attributes, t("passkeys.remove"));
  button.addEventListener("click", () => remove(button, [browser], title));
  return make("li", {}, what, about, make("div", { class: "act" }, button));
}

function remove(button, browsers, title) {
  askToConfirm({
    button: button.id,
    title,
    lead: t("trusted.remove_lead"),
    yes: button.textContent,
    step: () => call("DELETE", `/auth/second-factor/browsers/${browsers.map((browser) => browser.id).join(",")}`),
    done: () => announceChange(t("trusted.removed")),
  });
}
