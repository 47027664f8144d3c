/* The composer: submits with Ctrl+Enter, starts anew after a submission, keeps text when the model changes. */
(() => {
  "use strict";

  const byId = (id) => document.getElementById(id);
  const composer = () => byId("composer");
  const { shots } = window.drover;

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    if (!composer()?.contains(event.target)) return;
    event.preventDefault();
    if (!byId("submit").disabled) composer().requestSubmit(byId("submit"));
  });

  /* After a submission the prompt is emptied, unless the user changed it meanwhile. Settings stay. */
  let submittedPrompt = "";
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.target === composer()) submittedPrompt = byId("prompt").value;
  });
  document.addEventListener("drover:submitted", () => {
    const prompt = byId("prompt");
    if (prompt.value === submittedPrompt) prompt.value = "";
    shots.clear();
    removeErrors();
    window.drover.announce("Added to the queue");
    if (prompt.offsetParent && composer().contains(document.activeElement)) prompt.focus();
  });

  function removeErrors() {
    for (const message of composer().querySelectorAll(".error, .alert")) message.remove();
    for (const control of composer().querySelectorAll("[aria-invalid]")) control.removeAttribute("aria-invalid");
    for (const box of composer().querySelectorAll(".invalid")) box.classList.remove("invalid");
  }

  document.addEventListener("click", (event) => {
    const example = event.target.closest("[data-example]");
    if (!example) return;
    event.preventDefault();
    byId("prompt").value = example.dataset.example;
    byId("prompt").focus();
  });

  /* The fields of another model replace these. Text typed since the request was sent is put back. */
  const CONTROLS = ":is(input:not([type=hidden]), textarea, select)[name^='param-']";
  const controls = () => [...byId("params").querySelectorAll(CONTROLS)];
  let saved = null;

  function saveText() {
    const values = new Map();
    for (const { name, value } of controls()) values.set(name, [...(values.get(name) ?? []), value]);
    saved = { values, moreOpen: Boolean(document.querySelector("#params .more[open]")) };
  }

  function restoreText() {
    if (!saved) return;
    for (const control of controls()) {
      const value = saved.values.get(control.name)?.shift();
      if (value && canHold(control, value)) control.value = value;
    }
    if (saved.moreOpen) document.querySelector("#params .more")?.setAttribute("open", "");
    saved = null;
  }

  function canHold(control, value) {
    return !control.matches("select") || [...control.options].some((option) => option.value === value);
  }

  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target.id !== "params") return;
    shots.save();
    saveText();
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.id === "params") {
      restoreText();
      shots.restore();
    }
    if (event.target.id === "params" || event.target.id === "composer") update();
  });
  document.addEventListener("DOMContentLoaded", () => composer() && update());

  const MODIFIER = /Mac|iPhone|iPad/.test(navigator.platform) ? "⌘" : "Ctrl";

  function update() {
    for (const key of document.querySelectorAll("[data-mod]")) key.textContent = `${MODIFIER} ${key.dataset.mod}`;
    byId("prompt").disabled = byId("params").dataset.prompt === "no";
    shots.update();
  }

  /* Filters apply as soon as they are chosen. */
  document.addEventListener("change", (event) => {
    if (event.target.matches(".filters select")) event.target.form.requestSubmit();
  });
})();
