// Optional: times in the reader's time zone, copy buttons, and keyboard shortcuts (listed on /help).

"use strict";

const LINE = "[data-step]";

// Times as the server writes them, in UTC: "1 Mar 2026, 06:00 UTC".
const UTC_TIME = /\d{1,2} [A-Z][a-z]{2} \d{4}, \d\d:\d\d UTC/g;

function localTimes(root) {
  // The server's format, with the name of the zone.
  const format = new Intl.DateTimeFormat("en-GB", {
    day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
    timeZoneName: "short",
  });
  const write = (value) => {
    const part = Object.fromEntries(format.formatToParts(value).map(({ type, value: text }) => [type, text]));
    const month = value.toLocaleString("en-US", { month: "short" });
    return `${part.day} ${month} ${part.year}, ${part.hour}:${part.minute} ${part.timeZoneName}`;
  };
  for (const time of root.querySelectorAll("time[data-local]")) {
    const value = new Date(time.dateTime);
    if (Number.isNaN(value.getTime())) continue;
    // In a list of times of one day the day is not repeated.
    time.textContent = time.dataset.local === "clock" ? write(value).split(", ")[1] : write(value);
    // A date that is stated in the reader's own offset need not be shown twice.
    const stated = time.nextElementSibling;
    if (stated && stated.dataset.offset) stated.hidden = Number(stated.dataset.offset) === -value.getTimezoneOffset();
  }
  // In text that cannot contain elements, the last time is the archive's; one before may be in a headline.
  for (const element of root.querySelectorAll("[data-times]")) {
    const found = [...element.textContent.matchAll(UTC_TIME)].at(-1);
    const value = found && new Date(found[0].replace(",", ""));
    if (!found || Number.isNaN(value.getTime())) continue;
    const text = element.textContent;
    element.textContent = text.slice(0, found.index) + write(value) + text.slice(found.index + found[0].length);
  }
}

function step(by) {
  const lines = [...document.querySelectorAll(LINE)];
  if (!lines.length) return false;
  const here = lines.findIndex((line) => line.hasAttribute("data-here"));
  const next = Math.min(Math.max(here + by, 0), lines.length - 1);
  if (here >= 0) lines[here].removeAttribute("data-here");
  lines[next].setAttribute("data-here", "");
  const link = lines[next].querySelector("a[href]");
  if (link) link.focus();
  lines[next].scrollIntoView({ block: "nearest" });
  return true;
}

// Each of these returns true if it had an effect; otherwise the key keeps its default.
function turn(rel) {
  const link = document.querySelector(`a[rel~="${rel}"]`);
  if (link) link.click();
  return Boolean(link);
}

const KEYS = {
  j: () => step(1),
  k: () => step(-1),
  n: () => turn("next"),
  p: () => turn("prev"),
  ArrowRight: () => turn("next"),
  ArrowLeft: () => turn("prev"),
  "/": () => {
    const search = document.querySelector("main input[type=search], .quick input");
    if (!search) return false;
    search.focus();
    search.select();
    return true;
  },
  "?": () => {
    location.assign("/help#keyboard");
    return true;
  },
};

document.addEventListener("keydown", (event) => {
  const typing = event.target instanceof Element && event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key === "Escape" && typing) {
    event.target.blur();
    return;
  }
  if (typing || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  const act = KEYS[event.key];
  if (act && act()) event.preventDefault();
});

function addCopyButton(element) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy no-print";
  button.textContent = "Copy";
  // The button stands behind the text, so that the text is read without it.
  const text = element.textContent;
  button.addEventListener("click", () => {
    navigator.clipboard.writeText(text).then(() => { button.textContent = "Copied"; }, () => { button.textContent = "Not copied"; });
  });
  element.after(button);
}

localTimes(document);
// Browsers offer the clipboard to secure origins only.
if (navigator.clipboard) document.querySelectorAll("[data-copy]").forEach(addCopyButton);
