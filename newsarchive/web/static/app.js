// Optional: times in the reader's time zone, and keyboard shortcuts (listed on /help).

"use strict";

const LINE = "[data-step]";

function localTimes(root) {
  const format = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
  for (const time of root.querySelectorAll("time[data-local]")) {
    const value = new Date(time.dateTime);
    if (!Number.isNaN(value.getTime())) {
      time.textContent = format.format(value);
    }
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

localTimes(document);
