/* Keyboard shortcuts, unless the user is typing: n to compose, / to search, j and k to move along the rows. */
(() => {
  "use strict";

  const isTextField = (element) => element.closest("input, textarea, select, [contenteditable]");

  /* The prompt, or the first shot that replaces it; for a model with neither, the choice of the model. */
  function composerField() {
    const field = document.querySelector(":is(#prompt, #shots textarea):not(:disabled)");
    return field ?? document.getElementById("model");
  }

  function openComposer() {
    if (document.getElementById("composer")) return composerField();
    location.assign("/#prompt");
    return null;
  }

  /* The link of the row after (+1) or before (-1) the one that has the focus; the first row's without one. */
  function rowLink(offset) {
    const links = [...document.querySelectorAll("#rows .prompt")];
    const current = links.findIndex((link) => link.closest(".row").contains(document.activeElement));
    return links[current < 0 ? 0 : Math.min(Math.max(current + offset, 0), links.length - 1)];
  }

  /* Each returns the element to focus, if there is one. */
  const SHORTCUTS = {
    "n": openComposer,
    "/": () => document.getElementById("search"),
    "j": () => rowLink(+1),
    "k": () => rowLink(-1),
  };

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && isTextField(event.target)) event.target.blur();
    if (event.ctrlKey || event.metaKey || event.altKey || isTextField(event.target)) return;
    const element = SHORTCUTS[event.key]?.();
    if (!element) return;
    event.preventDefault();
    element.focus();
  });

  document.addEventListener("DOMContentLoaded", () => {
    if (location.hash === "#prompt") composerField()?.focus();
  });
})();
