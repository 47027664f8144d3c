/* What every page does: asks for changes at the right moments, keeps times true, answers keys.
 *
 * The security policy forbids inline and evaluated scripts, so nothing here is written in attributes:
 * pages carry data, this file carries behaviour.
 */
(() => {
  "use strict";

  document.documentElement.classList.add("scripted");

  const BUSY = 750; // something of the person's is going: a new state is on the screen within a second
  const CALM = 7000; // nothing is; what a script enqueues still turns up
  const WORST = 30000;
  const byId = (id) => document.getElementById(id);
  const poll = () => byId("poll");
  const since = () => byId("since");

  /* The server's clock, so that a wrong one here does not make times lie. */
  let skew = 0;
  const serverNow = () => Date.now() - skew;
  function readClock(element) {
    const told = Number(element?.dataset.now);
    if (told) skew = Date.now() - told;
  }

  /* Asking for changes: one question at a time, none while nobody looks. */
  let timer = 0;
  let asking = false;
  let again = false;
  let failures = 0;

  function period() {
    if (failures) return Math.min(BUSY * 2 ** failures, WORST) * (0.75 + Math.random() / 2);
    return Number(since()?.dataset.restless) ? BUSY : CALM;
  }

  function plan(delay = period()) {
    clearTimeout(timer);
    if (poll() && !document.hidden) timer = setTimeout(ask, delay);
  }

  function ask() {
    clearTimeout(timer);
    if (!poll() || document.hidden) return;
    if (asking) {
      again = true;
      return;
    }
    asking = true;
    htmx.trigger(poll(), "drover:poll");
    if (!asking) plan();
  }

  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.target !== poll()) return;
    asking = false;
    failures = event.detail.successful ? 0 : failures + 1;
    const note = byId("connection");
    if (note) note.hidden = failures < 2;
    plan(again && !failures ? 0 : undefined);
    again = false;
  });
  // A question that was never sent would otherwise be waited for.
  document.addEventListener("htmx:sendAbort", (event) => {
    if (event.target === poll()) asking = false;
  });
  document.addEventListener("htmx:oobAfterSwap", () => {
    readClock(since());
    refresh();
    refocus();
    requestAnimationFrame(refocus);
    tellState();
  });

  /* The part of a page that holds the focus is replaced: the focus goes to what has taken its place. */
  let held = null;
  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    const focused = document.activeElement;
    if (focused !== document.body && event.detail.target.contains(focused)) held = focused;
  });

  function refocus() {
    if (!held || held.isConnected) return;
    const href = held.getAttribute("href");
    const same = href && [...document.querySelectorAll("main a")].find((link) => link.getAttribute("href") === href);
    const heir = (held.id && byId(held.id)) || same || byId("again");
    if (document.activeElement === document.body) heir?.focus({ preventScroll: true });
    if (document.activeElement !== document.body) held = null; // else once more, after the next frame
  }

  /* What has become of the one generation of this page. */
  let state = "";
  function tellState() {
    const head = byId("head");
    if (!head || head.dataset.status === state) return;
    if (state) announce(head.querySelector(".state .word").textContent.trim());
    state = head.dataset.status;
  }

  for (const name of ["drover:wake", "drover:submitted"]) document.addEventListener(name, ask);
  document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : ask()));
  window.addEventListener("pageshow", (event) => event.persisted && ask());
  window.addEventListener("online", ask);

  /* Times */
  const pad = (number) => String(number).padStart(2, "0");

  function span(seconds) {
    const whole = Math.max(0, Math.floor(seconds));
    if (whole < 60) return `${whole} s`;
    if (whole < 3600) return `${Math.floor(whole / 60)} min ${pad(whole % 60)} s`;
    return `${Math.floor(whole / 3600)} h ${pad(Math.floor((whole % 3600) / 60))} min`;
  }

  function ago(at) {
    const seconds = (serverNow() - at) / 1000;
    if (seconds < 45) return "just now";
    if (seconds < 45 * 60) return `${Math.max(1, Math.round(seconds / 60))} min ago`;
    if (seconds < 22 * 3600) return `${Math.max(1, Math.round(seconds / 3600))} h ago`;
    const date = new Date(at);
    const sameYear = date.getFullYear() === new Date(serverNow()).getFullYear();
    return date.toLocaleDateString(undefined, {
      day: "numeric", month: "short", year: sameYear ? undefined : "numeric",
    });
  }

  const say = (element, text) => {
    if (element.textContent !== text) element.textContent = text;
  };

  function countUp() {
    const now = serverNow();
    for (const element of document.querySelectorAll(".elapsed[data-since]")) {
      const seconds = (now - Number(element.dataset.since)) / 1000;
      say(element, span(seconds));
      const place = element.closest(".row, .head-state");
      const hint = place?.querySelector("progress.hint");
      // A hint of how long it usually takes, not a measure: it never arrives by itself.
      if (hint) hint.value = Math.min(seconds, hint.max * 0.97);
      if (Number(element.dataset.slow) && seconds > Number(element.dataset.slow)) place?.classList.add("overdue");
    }
  }

  function tellTimes() {
    for (const element of document.querySelectorAll("time.ago")) {
      const at = Date.parse(element.dateTime);
      say(element, ago(at));
      localise(element, at);
    }
    for (const element of document.querySelectorAll("time.exact")) {
      const at = Date.parse(element.dateTime);
      say(element, new Date(at).toLocaleTimeString(undefined, { hourCycle: "h23" }));
      localise(element, at);
    }
  }

  function localise(element, at) {
    if (element.dataset.local) return;
    element.dataset.local = "yes";
    element.title = new Date(at).toLocaleString(undefined, { dateStyle: "long", timeStyle: "medium" });
  }

  /* The number of going ones, in the title. */
  function tellTitle() {
    const state = since();
    if (!state || state.dataset.title === "keep") return;
    const going = Number(state.dataset.going);
    document.title = document.title.replace(/^\(\d+\) /, "").replace(/^/, going ? `(${going}) ` : "");
  }

  function refresh() {
    countUp();
    tellTimes();
    tellTitle();
  }

  /* Words for the person */
  function toast(text) {
    const place = byId("toasts");
    if (!place || !text) return;
    const note = document.createElement("p");
    note.className = "toast";
    note.textContent = text;
    place.replaceChildren(note);
    setTimeout(() => note.remove(), 6000);
  }

  function announce(text) {
    const place = byId("announcer");
    if (!place) return;
    const line = document.createElement("span");
    line.textContent = `${text}. `;
    place.append(line);
    while (place.children.length > 5) place.firstChild.remove();
  }

  document.addEventListener("drover:told", (event) => {
    toast(event.detail.text);
    ask();
  });
  document.addEventListener("htmx:responseError", (event) => {
    if (event.target === poll()) return;
    const { status, responseText } = event.detail.xhr;
    const plain = event.detail.xhr.getResponseHeader("Content-Type")?.startsWith("text/plain");
    if (status === 403) toast("This page is too old. Load it again, then repeat that; nothing was changed.");
    else toast(plain && responseText ? responseText : "That did not work. Nothing was changed; please try again.");
  });
  document.addEventListener("htmx:sendError", (event) => {
    if (event.target !== poll()) toast("The server cannot be reached. Nothing was changed; please try again.");
  });

  /* Copying; where the browser allows it only over https, the text is selected instead. */
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const source = document.querySelector(button.dataset.copy);
    const word = button.querySelector("span");
    const before = (word.dataset.word ??= word.textContent);
    let done = false;
    try {
      await navigator.clipboard.writeText(source.textContent);
      done = true;
    } catch {
      getSelection().selectAllChildren(source);
      done = document.execCommand("copy");
    }
    say(word, done ? "Copied" : "Press Ctrl+C");
    setTimeout(() => say(word, before), 2000);
  });

  /* Keys, never while somebody types: n for a new one, / for the search, j and k along the rows. */
  const typing = (element) => element?.closest("input, textarea, select, [contenteditable]");

  function step(by) {
    const links = [...document.querySelectorAll("#rows .prompt")];
    const here = links.findIndex((link) => link.closest(".row").contains(document.activeElement));
    links[here < 0 ? 0 : Math.min(Math.max(here + by, 0), links.length - 1)]?.focus();
  }

  /* The prompt, or the first shot in its place, or for a model with neither the choice of another. */
  function compose() {
    (document.querySelector(":is(#prompt, #shots textarea):not(:disabled)") ?? byId("model"))?.focus();
  }

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && typing(event.target)) event.target.blur();
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (event.key === "n") {
      if (byId("composer")) compose();
      else location.assign("/#prompt");
    } else if (event.key === "/" && byId("search")) byId("search").focus();
    else if (event.key === "j") step(1);
    else if (event.key === "k") step(-1);
    else return;
    event.preventDefault();
  });

  window.drover = { announce, toast, refresh };

  document.addEventListener("DOMContentLoaded", () => {
    readClock(document.body);
    if (location.hash === "#prompt") compose();
    refresh();
    tellState();
    plan();
    setInterval(countUp, 1000);
    setInterval(tellTimes, 20000);
  });
})();
