/* Set up every page: the settings from the server, and messages to the user.
 *
 * The content security policy forbids inline scripts. Pages carry data in attributes; these files act on it.
 */
(() => {
  "use strict";

  const TOAST_MILLISECONDS = 6000;
  const MAX_ANNOUNCEMENTS = 5;

  document.documentElement.classList.add("scripted");

  const settings = JSON.parse(document.getElementById("page-settings").textContent);

  /* Show a message on the screen for a few seconds. */
  function toast(text) {
    const toasts = document.getElementById("toasts");
    if (!text) return;
    const message = document.createElement("p");
    message.className = "toast";
    message.textContent = text;
    toasts.replaceChildren(message);
    setTimeout(() => message.remove(), TOAST_MILLISECONDS);
  }

  /* Tell a message to screen readers. */
  function announce(text) {
    const announcer = document.getElementById("announcer");
    const message = document.createElement("span");
    message.textContent = `${text}. `;
    announcer.append(message);
    while (announcer.children.length > MAX_ANNOUNCEMENTS) announcer.firstChild.remove();
  }

  /* Polls report their errors in the header instead, see polling.js. */
  const isPoll = (event) => event.target.id === "poll";

  document.addEventListener("drover:message", (event) => toast(event.detail.text));

  document.addEventListener("htmx:responseError", (event) => {
    if (isPoll(event)) return;
    const response = event.detail.xhr;
    const isText = response.getResponseHeader("Content-Type")?.startsWith("text/plain");
    if (response.status === 403) toast("This page has expired. Reload it and try again. Nothing was changed.");
    else toast((isText && response.responseText) || "That did not work. Nothing was changed. Try again.");
  });

  document.addEventListener("htmx:sendError", (event) => {
    if (!isPoll(event)) toast("The server cannot be reached. Nothing was changed. Try again.");
  });

  window.drover = { settings, toast, announce };
})();
