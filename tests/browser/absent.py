"""Features that the pages use and a supported browser may lack or refuse, and how a test removes each."""

# The oldest supported browsers, those of the end of 2021, as docs/integrating.md lists them. Firefox 91 is an ESR.
OLDEST = {
    "chrome": "96",
    "chrome_android": "96",
    "edge": "96",
    "firefox": "91",
    "safari": "15",
    "safari_ios": "15",
}
# By the name in MDN's data: what an older one of them lacks.
LACKING = {
    "BroadcastChannel": "delete window.BroadcastChannel",
    "HTMLDialogElement.showModal": "delete HTMLDialogElement.prototype.showModal",
    "HTMLDialogElement.close": "delete HTMLDialogElement.prototype.close",
    "Credential.isConditionalMediationAvailable_static": "delete window.Credential?.isConditionalMediationAvailable",
    "PublicKeyCredential.isConditionalMediationAvailable_static": (
        "delete window.PublicKeyCredential?.isConditionalMediationAvailable"
    ),
}
# What the pages do not use, so that a test fails if they begin to depend on it.
NEWER = (
    "delete URLSearchParams.prototype.size",
    "delete AbortSignal.timeout",
    "delete AbortSignal.any",
    "delete Element.prototype.ariaDisabled",
    "delete Promise.withResolvers",
    "delete Object.groupBy",
    "delete Object.hasOwn",
    "delete Array.prototype.at",
    "delete Array.prototype.findLast",
    "delete Array.prototype.toSorted",
    "delete String.prototype.at",
    "delete window.structuredClone",
    "delete window.reportError",
    "delete Crypto.prototype.randomUUID",
    "delete Navigator.prototype.locks",
    "delete URL.canParse",
)
_STORAGE = "for (const n of ['sessionStorage', 'localStorage']) Object.defineProperty(window, n, {get() { %s }})"
# A WebView without DOM storage has null.
NULL_STORAGE = _STORAGE % "return null"
# A browser with a policy throws.
REFUSED_STORAGE = _STORAGE % "throw new DOMException('Access is denied for this document.', 'SecurityError')"
# Not a secure context, or not permitted.
NO_CLIPBOARD = "delete Navigator.prototype.clipboard"

# Safari before 15.5 applies `default-src` of the policy to workers.
REFUSED_WORKER = "window.Worker = class { constructor() { throw new DOMException('', 'SecurityError') } }"
# A content blocker lets no script of it run.
SILENT_WORKER = "window.Worker = class extends EventTarget {}"

ABSENT = {
    "an old browser": ";".join((*LACKING.values(), *NEWER, NO_CLIPBOARD, REFUSED_WORKER)),
    "storage is null": NULL_STORAGE,
    "storage is refused": ";".join((REFUSED_STORAGE, LACKING["BroadcastChannel"], SILENT_WORKER)),
}
