"use strict";
// Progress of a check, and of a file on its way; without this script the pages do the same, plainly.
const bar = document.querySelector("[data-progress]");
const follow = async () => {
  const answer = await fetch(bar.dataset.progress);
  if (!answer.ok) throw new Error(String(answer.status));
  const told = await answer.json();
  if (told.state !== "received") {
    location.reload();
    return;
  }
  if (told.total_rows) {
    bar.max = told.total_rows;
    bar.value = told.checked_rows;
    const text = document.querySelector("[data-text]");
    const figure = (value) => value.toLocaleString(document.documentElement.lang);
    text.textContent = text.dataset.text
      .replace("##", figure(told.total_rows))
      .replace("#", figure(told.checked_rows));
  }
  setTimeout(() => follow().catch(later), 500);
};
const later = () => setTimeout(() => follow().catch(later), 3000);
if (bar) follow().catch(later);

for (const form of document.querySelectorAll("form[data-upload]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    const shown = document.createElement("progress");
    button.disabled = true;
    button.textContent = form.dataset.uploading;
    button.after(shown);
    const request = new XMLHttpRequest();
    request.upload.addEventListener("progress", (step) => {
      if (!step.lengthComputable) return;
      shown.max = step.total;
      shown.value = step.loaded;
    });
    request.addEventListener("load", () => {
      if (request.status === 200) location.assign(request.responseURL);
      else form.submit();
    });
    request.addEventListener("error", () => form.submit());
    request.open("POST", form.action);
    request.send(new FormData(form));
  });
}
