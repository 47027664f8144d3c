/* Poll for changes: one request at a time, none while the page is hidden.
 *
 * The form #poll asks for what changed since the version in its field #version. The answer replaces both the
 * changed parts of the page and that field.
 */
(() => {
  "use strict";

  /* Milliseconds between polls. Fast while something may change at any moment, so that a new state is on the
   * screen within a second; slow otherwise, for what scripts submit. */
  const FAST_INTERVAL = 750;
  const SLOW_INTERVAL = 7000;
  const MAX_INTERVAL = 30000;
  /* One lost poll is not worth a warning. */
  const FAILURES_BEFORE_WARNING = 2;

  const form = () => document.getElementById("poll");
  const version = () => document.getElementById("version");

  let timer = 0;
  let isPolling = false;
  let pollAgain = false;
  let failures = 0;

  function interval() {
    if (failures) return Math.min(FAST_INTERVAL * 2 ** failures, MAX_INTERVAL) * (0.75 + Math.random() / 2);
    return Number(version().dataset.pendingCount) ? FAST_INTERVAL : SLOW_INTERVAL;
  }

  function schedule(delay) {
    clearTimeout(timer);
    if (form() && !document.hidden) timer = setTimeout(poll, delay ?? interval());
  }

  function poll() {
    clearTimeout(timer);
    if (!form() || document.hidden) return;
    if (isPolling) {
      pollAgain = true;
      return;
    }
    isPolling = true;
    htmx.trigger(form(), "drover:poll");
    // The request may have been refused at once.
    if (!isPolling) schedule();
  }

  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.target !== form()) return;
    isPolling = false;
    failures = event.detail.successful ? 0 : failures + 1;
    document.getElementById("connection").hidden = failures < FAILURES_BEFORE_WARNING;
    schedule(pollAgain && !failures ? 0 : undefined);
    pollAgain = false;
  });

  // An aborted request has no afterRequest event.
  document.addEventListener("htmx:sendAbort", (event) => {
    if (event.target === form()) isPolling = false;
  });

  /* The queue's title begins with the number of live generations. */
  function updateTitle() {
    const liveCount = version()?.dataset.liveCount;
    if (liveCount === undefined) return;
    const title = document.title.replace(/^\(\d+\) /, "");
    document.title = Number(liveCount) ? `(${liveCount}) ${title}` : title;
  }

  document.addEventListener("htmx:oobAfterSwap", updateTitle);
  for (const name of ["drover:refresh", "drover:message", "drover:submitted"]) document.addEventListener(name, poll);
  document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : poll()));
  window.addEventListener("pageshow", (event) => event.persisted && poll());
  window.addEventListener("online", poll);
  document.addEventListener("DOMContentLoaded", () => schedule());
})();
