/* Tell screen readers when the state of the generation on this page changes. */
(() => {
  "use strict";

  const header = () => document.getElementById("header");
  let state = header().dataset.status;

  document.addEventListener("htmx:oobAfterSwap", () => {
    if (header().dataset.status === state) return;
    state = header().dataset.status;
    window.drover.announce(header().querySelector(".state-label").textContent);
  });
})();
