// Fetches the list again every two seconds; without JavaScript the page simply stays as it was.
"use strict";

const EVERY_MS = 2000;

async function refresh(list) {
  try {
    const answer = await fetch(list.dataset.refresh);
    if (answer.ok) show(list, await answer.text());
  } catch {
    // The CRM is restarting; the next round will find it.
  }
  setTimeout(refresh, EVERY_MS, list);
}

// An unchanged list is left alone, so that a screen reader announces only what is new.
function show(list, text) {
  const fresh = new DOMParser().parseFromString(text, "text/html").body;
  if (fresh.innerHTML.trim() !== list.innerHTML.trim()) list.replaceChildren(...fresh.childNodes);
}

document.querySelectorAll("[data-refresh]").forEach(refresh);
