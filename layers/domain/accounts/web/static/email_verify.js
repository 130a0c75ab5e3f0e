"use strict";

// The token is in the fragment, which no server, proxy or mail scanner sees; it leaves the address bar at once.
const token = new URLSearchParams(location.hash.slice(1)).get("token") ?? "";
history.replaceState(null, "", location.pathname);

const form = document.getElementById("confirm");
const password = document.getElementById("password");
const caps = document.getElementById("caps");
const status = document.getElementById("status");
const button = form.querySelector("button");

function say(text, bad) {
  status.textContent = text;
  status.classList.toggle("bad", bad);
}

function finished(text) {
  form.hidden = true;
  document.getElementById("lead").hidden = true;
  say(text, false);
}

password.addEventListener("keyup", (event) => {
  const on = typeof event.getModifierState === "function" && event.getModifierState("CapsLock");
  caps.textContent = on ? "Caps Lock is on." : "";
});

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  button.disabled = true;
  say("One moment …", false);
  try {
    const answer = await fetch("/auth/email/verify", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ token, password: password.value }),
    });
    const body = await answer.json();
    if (answer.ok) {
      finished(`Your address ${body.email} is confirmed, and you are logged in.`);
    } else {
      say(body.message, true);
      password.focus();
    }
  } catch {
    say("The service could not be reached. Check your connection and try again.", true);
  } finally {
    button.disabled = false;
    password.value = "";
  }
});

if (token) {
  password.focus();
} else {
  button.disabled = true;
  say("This page is opened by the link in our mail. Open the newest one, or sign up again for a new mail.", true);
}
