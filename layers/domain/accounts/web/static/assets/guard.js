// Says on the page that its scripts failed: one did not load, has syntax that this browser does not know, or threw an
// error. Not a module, and without new syntax, so that it also runs where the others cannot.
(() => {
  const folder = document.currentScript.src.replace(/[^/]*$/, "");
  const isOwn = (text) => String(text || "").includes(folder);
  const tell = () => {
    document.getElementById("broken").hidden = false;
    for (const element of document.querySelectorAll(".loading, .pending")) {
      element.remove();
    }
  };

  addEventListener(
    "error",
    (event) => {
      // A script that did not load is the target of its event.
      const failed = event.target === window ? event.filename : event.target.tagName === "SCRIPT" && event.target.src;
      if (isOwn(failed)) {
        tell();
      }
    },
    true,
  );
  // Browser extensions fail, too; their errors have another stack.
  addEventListener("unhandledrejection", ({ reason }) => {
    const stack = reason ? reason.stack : "";
    if (!stack || isOwn(stack)) {
      tell();
    }
  });
  if (!("noModule" in HTMLScriptElement.prototype)) {
    tell();
  }
})();
