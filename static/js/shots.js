/* The shots of a video: rows are added and removed, and open shots replace the prompt.
 *
 * composer.js calls save() before another model's fields arrive, restore() and update() afterwards, and clear()
 * after a submission.
 */
(() => {
  "use strict";

  const details = () => document.getElementById("shots");
  const prompt = () => document.getElementById("prompt");
  const rows = () => [...document.querySelectorAll("#shots .shot")];
  const controls = (element) => [...element.querySelectorAll("textarea, input")];
  const isEmpty = (row) => controls(row).every((control) => !control.value);

  function addRow() {
    const last = rows().at(-1);
    const row = last.cloneNode(true);
    for (const control of controls(row)) control.value = "";
    last.after(row);
    return row;
  }

  /* The server sends empty rows for browsers without scripts. Two stay if there is no shot yet, else none. */
  function removeEmptyRows() {
    const empty = rows().filter(isEmpty);
    const filled = rows().length - empty.length;
    for (const row of empty.slice(filled ? 0 : 2)) row.remove();
  }

  /* Disabled controls are not sent: the server refuses a prompt together with shots. */
  function disableUnused() {
    for (const control of controls(details())) control.disabled = !details().open;
    prompt().disabled = details().open;
  }

  function update() {
    if (!details()) return;
    removeEmptyRows();
    disableUnused();
  }

  function clear() {
    if (!details()?.open) return;
    for (const control of controls(details())) control.value = "";
    update();
  }

  /* A user opens or closes the shots: the prompt becomes the first shot, and the first shot the prompt. */
  function movePrompt() {
    const first = rows()[0].querySelector("textarea");
    if (details().open && prompt().value.trim() && !first.value) [first.value, prompt().value] = [prompt().value, ""];
    else if (!details().open && !prompt().value) prompt().value = first.value;
    disableUnused();
    (details().open ? first : prompt()).focus();
  }

  // Shots that arrive open from the server fire `toggle` too; they leave text and focus alone.
  let toggledByUser = false;
  document.addEventListener("toggle", (event) => {
    if (event.target.id !== "shots") return;
    if (toggledByUser) movePrompt();
    else disableUnused();
    toggledByUser = false;
  }, true);

  document.addEventListener("click", (event) => {
    if (event.target.closest("#shots > summary")) toggledByUser = true;
    if (event.target.closest("[data-add-shot]")) addRow().querySelector("textarea").focus();
    const remove = event.target.closest("[data-remove-shot]");
    if (remove && rows().length > 1) remove.closest(".shot").remove();
  });

  /* Shots survive models without shots. Meanwhile the first shot's text is the prompt. */
  let saved = null;

  function save() {
    if (!details()) return;
    const values = rows().map((row) => controls(row).map((control) => control.value));
    saved = { values, open: details().open, hadModelWithout: false, lentPrompt: "" };
  }

  function restore() {
    if (!saved) return;
    if (details()) restoreRows();
    else lendPrompt();
  }

  function lendPrompt() {
    if (saved.open && !saved.hadModelWithout && !prompt().value) {
      prompt().value = saved.lentPrompt = saved.values.map(([text]) => text).find((text) => text.trim()) ?? "";
    }
    saved.hadModelWithout = true;
  }

  function restoreRows() {
    while (rows().length < saved.values.length) addRow();
    for (const [index, row] of rows().entries()) {
      for (const [part, control] of controls(row).entries()) control.value = saved.values[index]?.[part] ?? "";
    }
    const promptIsUnchanged = !prompt().value || prompt().value === saved.lentPrompt;
    details().open = saved.open && (!saved.hadModelWithout || promptIsUnchanged);
    if (details().open && saved.hadModelWithout) prompt().value = "";
  }

  window.drover.shots = { save, restore, update, clear };
})();
