// A button with a menu of actions (WAI-ARIA "menu button").

import { make, show, t } from "./page.js";

const STEPS = { ArrowDown: 1, ArrowUp: -1 };
let shut = () => {};

// ``actions`` are pairs of a text and what to do.
export function menuOf(label, actions) {
  const button = make("button", { type: "button", class: "more", "aria-haspopup": "menu" }, "⋯");
  button.setAttribute("aria-label", t("menu.label", { name: label }));
  button.setAttribute("aria-expanded", "false");
  const list = make("div", { role: "menu", class: "menu", "aria-label": label }, ...actions.map(item));
  show(list, false);
  button.addEventListener("click", () => (list.hidden ? open(button, list) : shut()));
  button.addEventListener("keydown", (event) => {
    if (event.key in STEPS) {
      event.preventDefault();
      open(button, list, event.key === "ArrowUp" ? list.lastChild : list.firstChild);
    }
  });
  list.addEventListener("keydown", (event) => move(event, [...list.children]));
  return make("div", { class: "menu-place" }, button, list);
}

function item([text, act]) {
  const button = make("button", { type: "button", role: "menuitem", tabindex: "-1" }, text);
  button.addEventListener("click", () => {
    shut();
    act();
  });
  return button;
}

function open(button, list, focused = list.firstChild) {
  shut();
  show(list);
  button.setAttribute("aria-expanded", "true");
  focused.focus();
  shut = () => {
    shut = () => {};
    show(list, false);
    button.setAttribute("aria-expanded", "false");
    button.focus();
  };
}

function move(event, items) {
  const now = items.indexOf(document.activeElement);
  const ends = { Home: 0, End: items.length - 1 };
  const next = event.key in STEPS ? (now + STEPS[event.key] + items.length) % items.length : ends[event.key];
  if (next !== undefined) {
    event.preventDefault();
    items[next].focus();
  } else if (event.key === "Escape" || event.key === "Tab") {
    // From the button, Tab goes on.
    shut();
  }
}

addEventListener("pointerdown", (event) => {
  if (!event.target.closest?.(".menu-place")) {
    shut();
  }
});
