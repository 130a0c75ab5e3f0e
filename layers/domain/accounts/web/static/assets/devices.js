// Sessions and recent activity.

import { forget } from "./browser.js";
import { askToConfirm } from "./confirm.js";
import { $, announceLogout, call, errorText, hasText, make, moment, show, t } from "./page.js";
import { announceChange } from "./profile.js";

const FIRST = 5;

function failure(result) {
  return [make("li", {}, make("p", { class: "about" }, errorText(result)))];
}

// --- sessions ---------------------------------------------------------------------------------------------------

export function showDevices(result) {
  $("#devices").replaceChildren(...(result.ok ? result.body.sessions.map(sessionEntry) : failure(result)));
}

function sessionEntry(session) {
  const name = session.client?.name ?? (session.device || t("devices.unknown"));
  const what = make("div", { class: "what" }, make("h3", {}, name));
  if (session.current) {
    what.append(make("span", { class: "badge" }, t("devices.this")));
  } else if (session.client) {
    what.append(make("span", { class: "badge plain" }, t("devices.program")));
  }
  const from = placeText(session.client ? session.device : "") + placeText(session.source);
  const about = make("p", { class: "about" }, from, t("devices.seen"), " ", moment(session.last_seen_at));
  const item = make("li", {}, what, about);
  if (!session.current) {
    const button = make("button", { type: "button", class: "small-button" }, t("devices.end"));
    button.setAttribute("aria-label", t("devices.end_one", { name }));
    button.addEventListener("click", () => confirmEnd(session, name));
    item.append(make("div", { class: "act" }, button));
  }
  return item;
}

function placeText(place) {
  return place ? `${place} · ` : "";
}

function confirmEnd(session, name) {
  askToConfirm({
    title: t("devices.end_one", { name }),
    lead: t(session.client ? "devices.end_program" : "devices.end_lead"),
    yes: t("devices.end"),
    step: () => call("DELETE", `/auth/sessions/${session.id}`),
    done: () => announceChange(t("devices.ended", { name })),
  });
}

$("#end-all").addEventListener("click", () =>
  askToConfirm({
    title: t("devices.end_all"),
    lead: t("devices.end_all_lead"),
    yes: t("devices.end_all"),
    step: () => call("POST", "/auth/sessions/revoke-all"),
    done: () => {
      forget();
      announceLogout();
      location.replace("/login?left");
    },
  }),
);

// --- activity ---------------------------------------------------------------------------------------------------

export function showActivity(result) {
  const entries = result.ok ? result.body.activity : [];
  const more = $("#more-activity");
  const fill = (count) => {
    $("#activity").replaceChildren(...(result.ok ? entries.slice(0, count).map(activityEntry) : failure(result)));
    show(more, entries.length > count);
  };
  more.onclick = () => {
    fill(entries.length);
    $("#activity").lastElementChild.scrollIntoView({ block: "nearest" });
  };
  fill(FIRST);
}

function activityEntry({ event, at, source, device: name, detail, count, first_at: first }) {
  const known = hasText(`event.${event}`) ? t(`event.${event}`) : t("event.other");
  const said = detail.client ? t("event.program", detail) : known;
  const what = make("div", { class: "what" }, make("h3", {}, said));
  const about = [name, source].filter(Boolean).map((text) => `${text} · `);
  const times = count > 1 ? [` · ${t("activity.times", { count })} `, moment(first)] : [];
  return make("li", {}, what, make("p", { class: "about" }, ...about, moment(at), ...times));
}
