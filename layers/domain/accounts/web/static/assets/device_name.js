// The service names browsers and programs in English (`accounts.model.user_agents`), as "Firefox on Windows".

import { isolated, t } from "./page.js";

const WORDS = new Map([
  ["an unknown device", "device.unknown"],
  ["an unknown browser", "device.unknown_browser"],
  ["a desktop app", "device.desktop_app"],
  ["an Android app", "device.android_app"],
]);

// The name in the language of the page.
export function deviceName(name) {
  const [browser, system] = name.split(" on ").map((word) => (WORDS.has(word) ? t(WORDS.get(word)) : word));
  return isolated(system ? t("device.on", { browser, system }) : browser);
}
