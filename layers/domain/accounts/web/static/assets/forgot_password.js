import { shareReturn } from "./handover.js";
import { $, call, carryReturn, findSession, onSubmit } from "./page.js";
import { showSent } from "./sent.js";

const ask = (email) => call("POST", "/auth/password/forgot", { email });

onSubmit($("#form"), async () => {
  const email = $("#email").value.trim();
  const result = await ask(email);
  if (!result.ok) {
    return result;
  }
  showSent(email, ask);
  return null;
});
carryReturn();
shareReturn();
findSession();
