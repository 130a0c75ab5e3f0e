// A worker. The first formats of a process load the browser's data on languages, which takes tens of milliseconds: here,
// while the page waits for its own data.

const locale = self.name;
new Intl.RelativeTimeFormat(locale).format(0, "second");
new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "long" }).format();
postMessage("ready");
close();
