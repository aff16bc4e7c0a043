"use strict";
// Renews what is marked with data-renew (seconds), until the page no longer asks for it.
const renew = async () => {
  const shown = document.querySelector("[data-renew]");
  if (!shown) return;
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (answer.redirected) {
    location.replace(answer.url);
    return;
  }
  if (answer.ok) {
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const part = fresh.querySelector("main section.card");
    if (part) shown.replaceWith(part);
  }
  plan();
};
const plan = () => {
  const shown = document.querySelector("[data-renew]");
  if (shown) setTimeout(() => renew().catch(plan), 1000 * Number(shown.dataset.renew));
};
plan();
