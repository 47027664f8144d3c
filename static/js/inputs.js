/* Images and videos of one's own as inputs: chosen, dropped or pasted, they are sent to the server at once.
 *
 * What comes back is a small picture with a hidden value; the form itself stays small. Nothing that was typed
 * is lost when a file is refused: the reason stands at its field.
 */
(() => {
  "use strict";

  const composer = () => document.getElementById("composer");
  const submit = () => document.getElementById("submit");
  const fields = () => [...document.querySelectorAll("#params .media")];
  const items = (field) => [...field.querySelectorAll(".medium")];
  const ask = (field) => field.querySelector(".media-ask :is(input[type=text], textarea)");
  const isMany = (field) => "many" in field.dataset;
  const isEmpty = (field) => !items(field).length && !ask(field).value.trim();
  const kindOf = (file) => file.type.split("/")[0];
  const named = (name) => fields().find((field) => field.dataset.name === name);

  /* Where a file that was not given to a field goes: the first empty one of its kind, or one that takes several. */
  function placeFor(kind) {
    const fitting = fields().filter((field) => field.dataset.media === kind);
    return fitting.find(isEmpty) ?? fitting.find(isMany);
  }

  /* Sending */
  let sending = 0;

  function count(by) {
    sending += by;
    submit().disabled = sending > 0;
  }

  function waiting(field, file) {
    const item = document.createElement("li");
    item.className = "medium uploading";
    item.title = file.name;
    const bar = document.createElement("progress");
    bar.max = 1;
    bar.value = 0;
    bar.setAttribute("aria-label", `Uploading ${file.name || "the picture"}`);
    item.append(bar);
    if (!isMany(field)) for (const old of items(field)) old.remove();
    field.querySelector(".media-list").append(item);
    return item;
  }

  function say(field, text) {
    const box = field.closest(".field");
    hush(field);
    const note = document.createElement("p");
    note.className = "error";
    note.setAttribute("role", "alert");
    note.textContent = text;
    box.classList.add("invalid");
    box.append(note);
  }

  function hush(field) {
    const box = field.closest(".field");
    for (const note of box.querySelectorAll(".error")) note.remove();
    box.classList.remove("invalid");
    ask(field).removeAttribute("aria-invalid");
  }

  function send(field, file) {
    hush(field);
    const largest = Number(field.dataset.largest);
    if (file.size > largest) return say(field, `A file can have at most ${Math.floor(largest / 1024 / 1024)} MB.`);
    const name = field.dataset.name;
    const body = new FormData();
    body.set("name", name);
    body.set("wanted", field.dataset.media);
    body.set("file", file, file.name || "pasted");
    const before = isMany(field) ? [] : items(field).filter((item) => !item.matches(".uploading"));
    const item = waiting(field, file);
    const call = new XMLHttpRequest();
    call.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) item.querySelector("progress").value = event.loaded / event.total;
    });
    call.addEventListener("load", () => answered(call, name, item, before));
    call.addEventListener("error", () => failed(name, item, before, "The server cannot be reached. Please try again."));
    call.addEventListener("loadend", () => count(-1));
    call.open("POST", composer().dataset.upload);
    call.setRequestHeader("HX-Request", "true"); // errors come as words, and an ended session says so
    call.setRequestHeader("X-CSRFToken", composer().querySelector("[name=csrfmiddlewaretoken]").value);
    count(+1);
    call.send(body);
  }

  function answered(call, name, item, before) {
    const elsewhere = call.getResponseHeader("HX-Redirect");
    if (elsewhere) return location.assign(elsewhere);
    if (call.status === 200) return arrived(call.responseText, name, item);
    const plain = call.getResponseHeader("Content-Type")?.startsWith("text/plain");
    const words = call.status === 413 ? "That file is too large." : "That file could not be taken.";
    return failed(name, item, before, plain ? call.responseText : words);
  }

  function arrived(html, name, item) {
    const made = document.createRange().createContextualFragment(html).querySelector(".medium");
    // Another model may have been chosen meanwhile.
    const field = named(name) ?? placeFor(made.matches(".of-video") ? "video" : "image");
    if (!field) return;
    made.querySelector("[type=hidden]").name = field.dataset.name;
    if (item.isConnected) item.replaceWith(made);
    else field.querySelector(".media-list").append(made);
    if (!isMany(field)) ask(field).value = "";
    window.drover.announce("Uploaded");
  }

  function failed(name, item, before, words) {
    if (item.isConnected) item.replaceWith(...before);
    const field = named(name);
    if (field) say(field, words);
    else window.drover.toast(words);
  }

  function give(field, files) {
    for (const file of isMany(field) ? files : files.slice(0, 1)) send(field, file);
  }

  /* Files that were not given to a field of their own. */
  function spread(files) {
    for (const file of files) {
      const field = placeFor(kindOf(file));
      if (field) send(field, file);
      else window.drover.toast(kindOf(file) === "video" ? "This model takes no video." : "This model takes no picture.");
    }
  }

  /* Choosing */
  document.addEventListener("change", (event) => {
    if (!event.target.matches(".media-choose input")) return;
    const files = [...event.target.files];
    give(event.target.closest(".media"), files);
    event.target.value = ""; // else it would be sent a second time, with the form
  });

  /* Dropping */
  const carries = (event) => composer() && event.dataTransfer?.types.includes("Files");

  function mark(event) {
    const over = event?.target.closest?.(".media");
    for (const field of fields()) field.classList.toggle("over", field === over);
    composer()?.classList.toggle("dropping", Boolean(event));
  }

  document.addEventListener("dragover", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    mark(event);
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) mark(null);
  });
  document.addEventListener("drop", (event) => {
    if (!carries(event)) return;
    event.preventDefault(); // the browser would leave the page and open the file
    mark(null);
    const field = event.target.closest(".media");
    const files = [...event.dataTransfer.files];
    if (field) give(field, files);
    else spread(files);
  });

  /* Pasting: a picture, unless there is text that is meant. */
  document.addEventListener("paste", (event) => {
    const inside = composer()?.contains(event.target) || event.target === document.body;
    const files = [...(event.clipboardData?.files ?? [])].filter((file) => ["image", "video"].includes(kindOf(file)));
    if (!inside || !files.length || event.clipboardData.types.includes("text/plain")) return;
    event.preventDefault();
    const field = event.target.closest?.(".media");
    if (field?.dataset.media === kindOf(files[0])) give(field, files);
    else spread(files);
  });

  /* Removing */
  document.addEventListener("click", (event) => {
    const remove = event.target.closest("[data-remove-medium]");
    if (!remove) return;
    const field = remove.closest(".media");
    remove.closest(".medium").remove();
    hush(field);
    ask(field).focus();
  });

  /* What cannot be shown small has a sign in its place. */
  document.addEventListener("error", (event) => {
    if (event.target.matches?.(".medium-picture img")) event.target.hidden = true;
  }, true);
})();
