import { $, call, carryReturn, onSubmit, tellReturn, whoIsHere } from "./page.js";
import { mailed } from "./sent.js";

const ask = (email) => call("POST", "/auth/password/forgot", { email });

onSubmit($("#form"), async () => {
  const email = $("#email").value.trim();
  const result = await ask(email);
  if (!result.ok) {
    return result;
  }
  mailed(email, ask);
  return null;
});
carryReturn();
tellReturn();
whoIsHere();
