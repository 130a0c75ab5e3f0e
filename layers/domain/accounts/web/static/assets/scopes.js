// What an API key may do: everything, or the scopes that its owner chooses among those of the deployment.

import { $, make, setFieldError, show, t } from "./page.js";

let offered = [];

export function offer(scopes) {
  offered = scopes;
}

// The scopes in the owner's words. One that the deployment no longer has is shown by its name.
export function inWords(names) {
  return names.map((name) => words(offered.find((scope) => scope.name === name) ?? { name, means: [name] })).join(", ");
}

// This service's own scope is the one of no other service.
function isOwn(scope) {
  return scope.services?.length === 0;
}

function words(scope) {
  return isOwn(scope) ? t("keys.may_account") : scope.means.join(", ");
}

// Ask in the dialog whose fields begin with the prefix, if there is anything to choose.
export function askForScopes(prefix, chosen) {
  const select = $(`#${prefix}-may`);
  show($(`#${prefix}-may-field`), offered.length > 0);
  select.value = chosen.length > 0 ? "some" : "";
  setFieldError(select, "");
  $(`#${prefix}-may-list`).replaceChildren(...offered.map((scope, index) => choice(prefix, scope, index, chosen)));
  const showList = () => show($(`#${prefix}-may-list`), offered.length > 0 && select.value === "some");
  select.onchange = showList;
  showList();
}

function choice(prefix, scope, index, chosen) {
  const id = `${prefix}-scope-${index}`;
  const box = make("input", { type: "checkbox", id, value: scope.name, "aria-describedby": `${id}-note` });
  box.checked = chosen.includes(scope.name);
  const hint = isOwn(scope) ? t("keys.may_account_how") : scope.services.join(", ");
  return make(
    "div",
    { class: "check" },
    box,
    make("label", { for: id }, make("bdi", {}, words(scope))),
    make("p", { class: "hint", id: `${id}-note` }, make("bdi", {}, hint)),
  );
}

// The chosen scopes, none for everything. Undefined after showing that one has to be chosen.
export function scopesIn(prefix) {
  const select = $(`#${prefix}-may`);
  const boxes = [...$(`#${prefix}-may-list`).querySelectorAll("input")].filter((box) => box.checked);
  const isMissing = select.value === "some" && boxes.length === 0;
  setFieldError(select, isMissing ? t("keys.may_none") : "");
  if (isMissing) {
    select.focus();
    return undefined;
  }
  return select.value === "some" ? boxes.map((box) => box.value) : [];
}
