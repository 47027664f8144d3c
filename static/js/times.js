/* Keep the times on a page up to date, in the time zone and the language of the browser. */
(() => {
  "use strict";

  const ELAPSED_INTERVAL = 1000;
  const RELATIVE_INTERVAL = 20000;
  /* The estimate of progress never reaches its end by itself: only the result does. */
  const MAX_PROGRESS = 0.97;

  /* Milliseconds by which this computer's clock is ahead of the server's. */
  let clockSkew = 0;
  const serverNow = () => Date.now() - clockSkew;

  function readServerClock(element) {
    const now = Number(element?.dataset.now);
    if (now) clockSkew = Date.now() - now;
  }

  const pad = (number) => String(number).padStart(2, "0");

  /* Like format_duration on the server, without fractions. */
  function formatDuration(seconds) {
    const whole = Math.max(0, Math.floor(seconds));
    if (whole < 60) return `${whole} s`;
    if (whole < 3600) return `${Math.floor(whole / 60)} min ${pad(whole % 60)} s`;
    return `${Math.floor(whole / 3600)} h ${pad(Math.floor((whole % 3600) / 60))} min`;
  }

  function formatRelative(time) {
    const seconds = (serverNow() - time) / 1000;
    if (seconds < 45) return "just now";
    if (seconds < 45 * 60) return `${Math.max(1, Math.round(seconds / 60))} min ago`;
    if (seconds < 22 * 3600) return `${Math.max(1, Math.round(seconds / 3600))} h ago`;
    const date = new Date(time);
    const isThisYear = date.getFullYear() === new Date(serverNow()).getFullYear();
    return date.toLocaleDateString(undefined, {
      day: "numeric", month: "short", year: isThisYear ? undefined : "numeric",
    });
  }

  const formatTimeOfDay = (time) => new Date(time).toLocaleTimeString(undefined, { hourCycle: "h23" });

  /* Writing the same text again would end a selection in it. */
  function setText(element, text) {
    if (element.textContent !== text) element.textContent = text;
  }

  function updateElapsed() {
    for (const element of document.querySelectorAll(".elapsed")) {
      const { since, overdueAfter } = element.dataset;
      const seconds = (serverNow() - Number(since)) / 1000;
      setText(element, formatDuration(seconds));
      const container = element.closest(".row, .detail-state");
      const progress = container.querySelector(".progress-estimate");
      if (progress) progress.value = Math.min(seconds, progress.max * MAX_PROGRESS);
      if (overdueAfter && seconds > Number(overdueAfter)) container.classList.add("overdue");
    }
  }

  function updateTimes() {
    for (const element of document.querySelectorAll("time.relative-time, time.exact-time")) {
      const time = Date.parse(element.dateTime);
      setText(element, element.matches(".exact-time") ? formatTimeOfDay(time) : formatRelative(time));
      localizeTitle(element, time);
    }
  }

  function localizeTitle(element, time) {
    if ("localized" in element.dataset) return;
    element.dataset.localized = "";
    element.title = new Date(time).toLocaleString(undefined, { dateStyle: "long", timeStyle: "medium" });
  }

  function update() {
    updateElapsed();
    updateTimes();
  }

  document.addEventListener("htmx:oobAfterSwap", () => {
    readServerClock(document.getElementById("version"));
    update();
  });

  document.addEventListener("DOMContentLoaded", () => {
    readServerClock(document.body);
    update();
    setInterval(updateElapsed, ELAPSED_INTERVAL);
    setInterval(updateTimes, RELATIVE_INTERVAL);
  });

  window.drover.updateTimes = update;
})();
