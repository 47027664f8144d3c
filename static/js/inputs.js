/* Files in the fields of a model: chosen, dropped or pasted.
 *
 * An image or video is uploaded at once. The server answers with a list item, a thumbnail and a hidden value, so
 * that the form stays small. An error is shown at the field, and no text is lost.
 */
(() => {
  "use strict";

  const MAX_BYTES = window.drover.settings.maxInputBytes;
  const KINDS = ["image", "video", "audio"];
  const TEXT_CONTROL = ":is(.media-add, .audio-input) > :is(input[type=text], textarea)";

  const byId = (id) => document.getElementById(id);
  const composer = () => byId("composer");
  const fields = () => [...document.querySelectorAll("#params [data-media]")];
  const fieldNamed = (name) => fields().find((field) => field.dataset.name === name);
  const fieldOf = (element) => element?.closest?.("#params [data-media]");
  const itemsOf = (field) => [...field.querySelectorAll(".media-item")];
  const textControl = (field) => field.parentElement.querySelector(TEXT_CONTROL);
  const isList = (field) => "list" in field.dataset;
  const isEmpty = (field) => !itemsOf(field).length && !textControl(field).value.trim();
  const kindOf = (file) => file.type.split("/")[0];

  /* The field for a file that was not given to one: the first empty field for its kind, else a list. */
  function bestField(kind) {
    const accepting = fields().filter((field) => field.dataset.media === kind);
    return accepting.find(isEmpty) ?? accepting.find(isList);
  }

  function addFiles(field, files) {
    for (const file of isList(field) ? files : files.slice(0, 1)) addFile(field, file);
  }

  function addToBestFields(files) {
    for (const file of files) {
      const field = bestField(kindOf(file));
      if (field) addFile(field, file);
      else window.drover.toast(`This model takes no ${KINDS.includes(kindOf(file)) ? kindOf(file) : "such"} files.`);
    }
  }

  function addFile(field, file) {
    hideError(field);
    if (file.size > MAX_BYTES) showError(field, `A file can have at most ${Math.floor(MAX_BYTES / 1024 / 1024)} MB.`);
    else if (field.dataset.media === "audio") embed(field, file);
    else upload(field, file);
  }

  /* The server stores images and videos only. Audio is sent with the form, as a data: URI. */
  function embed(field, file) {
    if (["image", "video"].includes(kindOf(file))) return showError(field, "This is not an audio file.");
    const control = textControl(field);
    const reader = new FileReader();
    reader.addEventListener("load", () => {
      const others = isList(field) && control.value.trim() ? `${control.value.trim()}\n` : "";
      control.value = others + reader.result;
      field.querySelector(".file-chooser").title = file.name;
    });
    reader.readAsDataURL(file);
  }

  /* Errors */
  function showError(field, text) {
    hideError(field);
    const box = field.closest(".field");
    const message = document.createElement("p");
    message.className = "error";
    message.setAttribute("role", "alert");
    message.textContent = text;
    box.classList.add("invalid");
    box.append(message);
  }

  function hideError(field) {
    const box = field.closest(".field");
    for (const message of box.querySelectorAll(".error")) message.remove();
    box.classList.remove("invalid");
    textControl(field).removeAttribute("aria-invalid");
  }

  /* Uploading. The form cannot be submitted meanwhile. */
  let running = 0;

  function countRunning(change) {
    running += change;
    byId("submit").disabled = running > 0;
  }

  function upload(field, file) {
    const { name, media } = field.dataset;
    const replaced = isList(field) ? [] : itemsOf(field).filter((item) => !item.matches(".uploading"));
    const item = addProgress(field, file);
    const job = { name, item, replaced };
    const request = new XMLHttpRequest();
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) item.querySelector("progress").value = event.loaded / event.total;
    });
    request.addEventListener("load", () => readResponse(request, job));
    request.addEventListener("error", () => fail(job, "The server cannot be reached. Try again."));
    request.addEventListener("loadend", () => countRunning(-1));
    request.open("POST", composer().dataset.upload);
    request.setRequestHeader("HX-Request", "true"); // Errors are plain text, and an ended session is a redirect.
    request.setRequestHeader("X-CSRFToken", composer().querySelector("[name=csrfmiddlewaretoken]").value);
    countRunning(+1);
    request.send(uploadBody(name, media, file));
  }

  function uploadBody(name, wanted, file) {
    const body = new FormData();
    body.set("name", name);
    body.set("wanted", wanted);
    body.set("file", file, file.name || "pasted");
    return body;
  }

  function addProgress(field, file) {
    const item = document.createElement("li");
    item.className = "media-item uploading";
    item.title = file.name;
    const bar = document.createElement("progress");
    bar.max = 1;
    bar.value = 0;
    bar.setAttribute("aria-label", `Uploading ${file.name || "a file"}`);
    item.append(bar);
    if (!isList(field)) for (const old of itemsOf(field)) old.remove();
    field.querySelector(".media-list").append(item);
    return item;
  }

  function readResponse(request, job) {
    const redirect = request.getResponseHeader("HX-Redirect");
    if (redirect) return location.assign(redirect);
    if (request.status === 200) return succeed(job, request.responseText);
    const isPlain = request.getResponseHeader("Content-Type")?.startsWith("text/plain");
    const message = request.status === 413 ? "That file is too large." : "The upload failed. Try again.";
    return fail(job, isPlain ? request.responseText : message);
  }

  function succeed(job, html) {
    const uploaded = document.createRange().createContextualFragment(html).querySelector(".media-item");
    // The user may have chosen another model meanwhile.
    const field = fieldNamed(job.name) ?? bestField(uploaded.matches(".is-video") ? "video" : "image");
    if (!field) return;
    uploaded.querySelector("[type=hidden]").name = field.dataset.name;
    if (job.item.isConnected) job.item.replaceWith(uploaded);
    else field.querySelector(".media-list").append(uploaded);
    if (!isList(field)) textControl(field).value = "";
    window.drover.announce("Uploaded");
  }

  function fail(job, message) {
    if (job.item.isConnected) job.item.replaceWith(...job.replaced);
    const field = fieldNamed(job.name);
    if (field) showError(field, message);
    else window.drover.toast(message);
  }

  /* Choosing */
  document.addEventListener("change", (event) => {
    if (!event.target.matches(".file-chooser input")) return;
    addFiles(fieldOf(event.target), [...event.target.files]);
    event.target.value = ""; // The form must not send the file a second time.
  });

  /* Dropping */
  const hasFiles = (event) => composer() && event.dataTransfer?.types.includes("Files");

  function markDropTarget(event) {
    for (const field of fields()) field.classList.toggle("is-drop-target", field === fieldOf(event?.target));
    composer()?.classList.toggle("is-dragging", Boolean(event));
  }

  document.addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    markDropTarget(event);
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) markDropTarget(null);
  });
  document.addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault(); // The browser would open the file in place of the page.
    markDropTarget(null);
    const field = fieldOf(event.target);
    const files = [...event.dataTransfer.files];
    if (field) addFiles(field, files);
    else addToBestFields(files);
  });

  /* Pasting. Text in the clipboard is pasted as text. */
  document.addEventListener("paste", (event) => {
    const isInComposer = composer()?.contains(event.target) || event.target === document.body;
    const files = [...(event.clipboardData?.files ?? [])].filter((file) => KINDS.includes(kindOf(file)));
    if (!isInComposer || !files.length || event.clipboardData.types.includes("text/plain")) return;
    event.preventDefault();
    const field = fieldOf(event.target);
    if (field?.dataset.media === kindOf(files[0])) addFiles(field, files);
    else addToBestFields(files);
  });

  /* Removing */
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-remove-media]");
    if (!button) return;
    const field = fieldOf(button);
    button.closest(".media-item").remove();
    hideError(field);
    textControl(field).focus();
  });

  /* A thumbnail that cannot be loaded leaves the icon behind it. */
  document.addEventListener("error", (event) => {
    if (event.target.matches?.(".media-preview img")) event.target.hidden = true;
  }, true);
})();
