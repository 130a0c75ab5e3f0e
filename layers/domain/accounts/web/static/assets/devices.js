// Sessions and recent activity.

import { forget } from "./browser.js";
import { askToConfirm } from "./confirm.js";
import { deviceName } from "./device_name.js";
import { forgetMethod } from "./last_method.js";
import { ago, moment } from "./moments.js";
import { $, announceLogout, call, errorText, hasText, isolated, make, PROVIDERS, parts, show, t } from "./page.js";
import { announceChange } from "./profile.js";

const FIRST = 5;

function failure(result) {
  return [make("li", {}, make("p", { class: "about" }, errorText(result)))];
}

// --- sessions ---------------------------------------------------------------------------------------------------

export function showDevices(result) {
  $("#devices").replaceChildren(...(result.ok ? grouped(result.body.sessions).map(groupEntry) : failure(result)));
}

// Browsers one by one, and the sessions of each program together: most programs log out only on their own computer. The
// newest comes first, as in `sessions`.
function grouped(sessions) {
  const groups = new Map();
  for (const session of sessions) {
    const key = session.client ? `program ${session.client.id}` : session.id;
    groups.set(key, [...(groups.get(key) ?? []), session]);
  }
  return [...groups.values()];
}

function groupEntry(group) {
  const [newest] = group;
  const name = nameOf(newest);
  const what = make("div", { class: "what" }, make("h3", {}, name));
  if (newest.current) {
    what.append(make("span", { class: "badge" }, t("devices.this")));
  } else if (newest.client) {
    what.append(make("span", { class: "badge plain" }, t("devices.program")));
  }
  const item = make(
    "li",
    {},
    what,
    ...servicesOf(group).map(aboutLine),
    make("p", { class: "about" }, ...whereAndWhen(newest)),
  );
  if (group.length > 1) {
    item.append(eachEntry(group));
  }
  if (!newest.current) {
    item.append(endButton(group));
  }
  return item;
}

function nameOf(session) {
  return session.client?.name ?? (session.device ? deviceName(session.device) : t("devices.unknown"));
}

// The services that the program's tokens are for, if one of them is for another service than this.
function servicesOf(group) {
  return group.some((session) => session.resource) ? [...new Set(group.map(serviceText))] : [];
}

function aboutLine(text) {
  return make("p", { class: "about" }, text);
}

function serviceText({ resource }) {
  return resource ? t("devices.service", resource) : t("devices.own_service");
}

function whereAndWhen(session) {
  const places = [session.client && deviceName(session.device), isolated(session.source)]
    .filter(Boolean)
    .map((text) => `${text} · `);
  return [...places, ...parts("devices.seen", { time: ago(session.last_seen_at) })];
}

function eachEntry(group) {
  const count = make("summary", {}, t("devices.count", { count: group.length }));
  const several = servicesOf(group).length > 0;
  const entries = group.map((session) => oneEntry(session, several ? [serviceText(session)] : []));
  return make("details", { class: "each" }, count, make("ul", { class: "list" }, ...entries));
}

function oneEntry(session, services) {
  const about = make("p", { class: "about", id: `about-${session.id}` }, ...whereAndWhen(session));
  const act = endButton([session]);
  $("button", act).setAttribute("aria-describedby", about.id);
  return make("li", {}, ...services.map(aboutLine), about, act);
}

function endButton(group) {
  const name = nameOf(group[0]);
  const count = group.length;
  const several = count > 1;
  const title = several ? t("devices.end_group_one", { name, count }) : t("devices.end_one", { name });
  const label = t(several ? "devices.end_group" : "devices.end");
  const ids = group.map((session) => session.id).join(",");
  const id = `end-${ids}`;
  const button = make("button", { type: "button", id, class: "small-button", "aria-label": title }, label);
  const ended = several ? t("devices.ended_group", { name, count }) : t("devices.ended", { name });
  button.addEventListener("click", () =>
    confirmEnd(group, ids, { button: id, title, yes: label, done: () => announceChange(ended) }),
  );
  return make("div", { class: "act" }, button);
}

function confirmEnd(group, ids, question) {
  const [{ client }] = group;
  const lead = group.length > 1 ? "devices.end_group_lead" : client ? "devices.end_program" : "devices.end_lead";
  askToConfirm({ ...question, lead: t(lead), step: () => call("DELETE", `/auth/sessions/${ids}`) });
}

$("#end-all").addEventListener("click", () =>
  askToConfirm({
    button: "end-all",
    title: t("devices.end_all"),
    lead: t("devices.end_all_lead"),
    yes: t("devices.end_all"),
    step: () => call("POST", "/auth/sessions/revoke-all"),
    done: () => {
      forget();
      forgetMethod();
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

// With its subject, if the record has one: the program, the provider, the login method, or the name of the key or passkey.
function happened(event, detail) {
  if (detail.client) {
    return t("event.program", detail);
  }
  const method = detail.provider ?? detail.method;
  const subject = PROVIDERS[method] ?? (method ? t(`method.${method}`) : detail.name);
  if (subject && hasText(`named.${event}`)) {
    return t(`named.${event}`, { subject });
  }
  return hasText(`event.${event}`) ? t(`event.${event}`) : t("event.other");
}

function activityEntry({ event, at, source, device: name, detail, count, first_at: first }) {
  const what = make("div", { class: "what" }, make("h3", {}, happened(event, detail)));
  const about = [deviceName(name), isolated(source), isolated(detail.url)].filter(Boolean).map((text) => `${text} · `);
  const times = count > 1 ? [" · ", ...parts("activity.times", { count, time: moment(first) })] : [];
  return make("li", {}, what, make("p", { class: "about" }, ...about, ago(at), ...times));
}
