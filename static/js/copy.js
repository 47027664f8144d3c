/* Copy the text of the element that a button names in data-copy. */
(() => {
  "use strict";

  const FEEDBACK_MILLISECONDS = 2000;

  /* Return whether the text was copied. Without https there is no clipboard: select the text instead. */
  async function copy(element) {
    try {
      await navigator.clipboard.writeText(element.textContent);
      return true;
    } catch {
      getSelection().selectAllChildren(element);
      return document.execCommand("copy");
    }
  }

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const label = button.querySelector("span");
    // A second click must not take the feedback for the label.
    button.dataset.label ??= label.textContent;
    const isCopied = await copy(document.querySelector(button.dataset.copy));
    label.textContent = isCopied ? "Copied" : "Press Ctrl+C";
    setTimeout(() => { label.textContent = button.dataset.label; }, FEEDBACK_MILLISECONDS);
  });
})();
