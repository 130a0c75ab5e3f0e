import { showActivity, showDevices } from "./devices.js";
import { onReturn, showLoadError, takeDraft, wireDialogs } from "./dialogs.js";
import { showEnrolmentOnly } from "./enrolment.js";
import "./farewell.js";
import { showLogins } from "./logins.js";
import { formatsReady } from "./moments.js";
import { $, call, loadSession, show, showMessage, toLogin } from "./page.js";
import { fillIn, startChange } from "./profile.js";
import { showSecondFactor } from "./second_factor.js";
import { resumeRename, showPasskeys } from "./security.js";

const notice = $("#notice");

// Lets the browser paint and answer input in between.
const nextTask = () => new Promise((resolve) => setTimeout(resolve));

const PARTS = {
  session: "/auth/session",
  identities: "/auth/identities",
  passkeys: "/auth/passkeys",
  factor: "/auth/second-factor",
  sessions: "/auth/sessions",
  activity: "/auth/activity",
  methods: `/auth/methods?${new URLSearchParams({ origin: location.origin })}`,
};

async function load() {
  const names = Object.keys(PARTS);
  const results = await Promise.all(
    names.map(async (name) => {
      await nextTask();
      return name === "session" ? loadSession() : call("GET", PARTS[name]);
    }),
  );
  if (results.some((result) => result.code === "not_authenticated")) {
    await toLogin();
  }
  return Object.fromEntries(names.map((name, index) => [name, results[index]]));
}

// Shows all parts at once, so that the layout does not shift; a part that failed to load shows its error. Returns whether
// the page is usable.
async function refresh() {
  const [parts] = await Promise.all([load(), formatsReady]);
  show($("#loading"), false);
  if (parts.session.body.enrolling) {
    showEnrolmentOnly(parts.session.body);
    showSecondFactor(parts.factor, true);
    show($("#loaded"));
    return false;
  }
  if (!parts.session.ok || !parts.identities.ok) {
    showLoadError(notice, parts.session.ok ? parts.identities : parts.session);
    return false;
  }
  fillIn(parts.session.body, parts.identities.body);
  showLogins(parts.identities.body.identities, parts.methods.ok ? parts.methods.body.methods : []);
  showPasskeys(parts.passkeys, parts.identities.body.identities);
  showSecondFactor(parts.factor);
  showDevices(parts.sessions);
  showActivity(parts.activity);
  show($("#loaded"));
  return true;
}

// After a login that left the page: the form that was open, or the question of the button that was pressed. Password
// managers open the page with ?change-password.
function carryOn(draft) {
  if (new URLSearchParams(location.search).has("change-password")) {
    history.replaceState(null, "", location.pathname);
    startChange("password-dialog");
  } else if (draft?.open) {
    startChange(draft.open, draft.values ?? {});
  } else if (draft?.rename) {
    resumeRename(draft);
  } else if (draft?.press) {
    press(document.getElementById(draft.press));
  }
}

function press(button) {
  if (button && !button.closest("[hidden]")) {
    button.click();
  }
}

wireDialogs();
for (const button of document.querySelectorAll("[data-open]")) {
  button.addEventListener("click", () => startChange(button.dataset.open));
}
addEventListener("changed", async (event) => {
  await refresh();
  showMessage(notice, event.detail, "good");
  $("#title").focus();
  scrollTo(0, 0);
});
onReturn(refresh);
refresh().then((loaded) => loaded && carryOn(takeDraft()));
