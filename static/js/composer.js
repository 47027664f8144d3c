/* The composer: sends with Ctrl+Enter, starts anew after sending, shots, examples, filters that apply themselves. */
(() => {
  "use strict";

  const byId = (id) => document.getElementById(id);
  const composer = () => byId("composer");

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    if (!composer()?.contains(event.target)) return;
    event.preventDefault();
    if (!byId("submit").disabled) composer().requestSubmit(byId("submit"));
  });

  /* What was sent leaves the form, unless it has been changed since; settings stay for the next one. */
  let sent = "";
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.target === composer()) sent = byId("prompt").value;
  });
  document.addEventListener("drover:submitted", () => {
    const prompt = byId("prompt");
    if (prompt.value === sent) prompt.value = "";
    const shots = byId("shots");
    if (shots?.open) {
      for (const field of partsOf(shots)) field.value = "";
      tidyShots();
    }
    for (const note of composer().querySelectorAll(".error, .alert")) note.remove();
    for (const field of composer().querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
    for (const box of composer().querySelectorAll(".invalid")) box.classList.remove("invalid");
    window.drover.announce("Added to the queue");
    if (prompt.offsetParent && composer().contains(document.activeElement)) prompt.focus();
  });

  /* Shots: as many rows as are wanted, one at least. */
  const rowsOfShots = () => [...document.querySelectorAll("#shots .shot")];
  const partsOf = (row) => [...row.querySelectorAll("textarea, input")];

  function tidyShots() {
    const rows = rowsOfShots();
    const empty = rows.filter((row) => partsOf(row).every((field) => !field.value));
    const keep = rows.length === empty.length ? 2 : rows.length - empty.length;
    for (const row of empty.reverse()) if (rowsOfShots().length > keep) row.remove();
    useShots();
  }

  /* Fields that are folded away are not sent: a prompt and shots together would be refused. */
  function useShots() {
    const shots = byId("shots");
    if (!shots) return;
    for (const field of partsOf(shots)) field.disabled = !shots.open;
    const prompt = byId("prompt");
    prompt.disabled = shots.open;
  }

  function turnShots(shots) {
    const prompt = byId("prompt");
    const first = shots.querySelector(".shot textarea");
    if (shots.open && prompt.value.trim() && !first.value) [first.value, prompt.value] = [prompt.value, ""];
    else if (!shots.open && !prompt.value) prompt.value = first.value;
    useShots();
    (shots.open ? first : prompt).focus();
  }

  /* Shots that arrive open have not been opened by anybody: text and focus stay where they are. */
  let turned = false;
  document.addEventListener("toggle", (event) => {
    if (event.target.id !== "shots") return;
    if (turned) turnShots(event.target);
    else useShots();
    turned = false;
  }, true);

  function addShot() {
    const last = rowsOfShots().at(-1);
    const fresh = last.cloneNode(true);
    for (const field of partsOf(fresh)) field.value = "";
    last.after(fresh);
    return fresh;
  }

  /* Shots outlive a model that has none: a prompt stands for them until they are back. */
  let kept = null;

  function keepShots() {
    const rows = rowsOfShots().map((row) => partsOf(row).map((field) => field.value));
    if (byId("shots")) kept = { rows, open: byId("shots").open, away: false, lent: "" };
  }

  function bringShots() {
    const [prompt, shots] = [byId("prompt"), byId("shots")];
    if (!kept) return;
    if (!shots) {
      if (kept.open && !kept.away && !prompt.value) {
        prompt.value = kept.lent = kept.rows.map(([text]) => text).find((text) => text.trim()) ?? "";
      }
      kept.away = true;
      return;
    }
    while (rowsOfShots().length < kept.rows.length) addShot();
    for (const [place, row] of rowsOfShots().entries()) {
      for (const [part, field] of partsOf(row).entries()) field.value = kept.rows[place]?.[part] ?? "";
    }
    shots.open = kept.open && (!kept.away || !prompt.value || prompt.value === kept.lent);
    if (shots.open && kept.away) prompt.value = "";
  }

  document.addEventListener("click", (event) => {
    if (event.target.closest("#shots > summary")) turned = true;
    const add = event.target.closest("[data-add-shot]");
    const remove = event.target.closest("[data-remove-shot]");
    const example = event.target.closest("[data-example]");
    const file = event.target.closest("[data-file]");
    if (file) takeFile(file);
    if (add) {
      addShot().querySelector("textarea").focus();
    } else if (remove && rowsOfShots().length > 1) {
      remove.closest(".shot").remove();
    } else if (example) {
      event.preventDefault();
      byId("prompt").value = example.dataset.example;
      byId("prompt").focus();
    }
  });

  /* Another model's fields arrive: what was typed while they were on their way is put back. */
  const fieldsOf = (root) => [...root.querySelectorAll(":is(input:not([type=hidden]), textarea, select)[name^='param-']")];
  let typed = null;

  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target.id !== "params") return;
    keepShots();
    const values = new Map();
    for (const field of fieldsOf(byId("params"))) values.set(field.name, [...(values.get(field.name) ?? []), field.value]);
    typed = { values, more: Boolean(document.querySelector("#params .more[open]")) };
  });

  function putBack() {
    for (const field of fieldsOf(byId("params"))) {
      const value = typed.values.get(field.name)?.shift();
      const fits = field.matches("select") ? [...field.options].some((option) => option.value === value) : true;
      if (value && fits) field.value = value;
    }
    if (typed.more) document.querySelector("#params .more")?.setAttribute("open", "");
    typed = null;
  }

  /* A file of one's own in the place of an address: it travels as a data: URI. */
  const LARGEST = 12 * 1024 * 1024;

  function takeFile(button) {
    const chooser = document.createElement("input");
    chooser.type = "file";
    chooser.accept = button.dataset.file;
    chooser.addEventListener("change", () => {
      const file = chooser.files[0];
      const field = button.parentElement.querySelector("input, textarea");
      if (!file || !field) return;
      if (file.size > LARGEST) return window.drover.toast("That file is larger than 12 MB. Give its address instead.");
      const reader = new FileReader();
      reader.addEventListener("load", () => {
        const before = field.matches("textarea") && field.value.trim() ? `${field.value.trim()}\n` : "";
        field.value = before + reader.result;
        button.title = file.name;
      });
      reader.readAsDataURL(file);
    });
    chooser.click();
  }

  const MAC = /Mac|iPhone|iPad/.test(navigator.platform);

  function settle() {
    for (const key of document.querySelectorAll("[data-mod]")) key.textContent = `${MAC ? "⌘" : "Ctrl"} ${key.dataset.mod}`;
    const prompt = byId("prompt");
    if (prompt) prompt.disabled = byId("params")?.dataset.prompt === "no";
    tidyShots();
  }
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.id === "params" && typed) putBack();
    if (event.target.id === "params") bringShots();
    if (event.target.id === "composer" || event.target.id === "params") settle();
  });
  document.addEventListener("DOMContentLoaded", () => byId("composer") && settle());

  /* Filters apply as soon as they are chosen. */
  document.addEventListener("change", (event) => {
    if (event.target.matches(".filters select")) event.target.form.requestSubmit();
  });
})();
