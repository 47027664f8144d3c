/* Keep the keyboard focus when a part of the page that holds it is replaced. */
(() => {
  "use strict";

  let lost = null;

  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    const focused = document.activeElement;
    if (focused !== document.body && event.detail.target.contains(focused)) lost = focused;
  });

  /* The element that takes the place of one that is gone: the same id, else the same link, else "Use again". */
  function replacementOf(element) {
    const href = element.getAttribute("href");
    const links = href ? [...document.querySelectorAll("main a")] : [];
    return (
      (element.id && document.getElementById(element.id)) ||
      links.find((link) => link.getAttribute("href") === href) ||
      document.getElementById("use-again")
    );
  }

  function restore() {
    if (!lost || lost.isConnected) return;
    if (document.activeElement === document.body) replacementOf(lost)?.focus({ preventScroll: true });
    if (document.activeElement !== document.body) lost = null;
  }

  document.addEventListener("htmx:oobAfterSwap", () => {
    restore();
    // Once more after the next frame: the replacement may arrive with a later part of the same answer.
    requestAnimationFrame(restore);
  });
})();
