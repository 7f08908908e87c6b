// Replaces the live parts of the page every second where their HTML has changed. What somebody
// types does not change the HTML, so a form stays as it is until its interaction moves on.
const refresh = async () => {
  try {
    const answer = await fetch(location.href);
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of document.querySelectorAll("[data-live]")) {
      const next = fresh.querySelector(`[data-live="${part.dataset.live}"]`);
      if (next && next.innerHTML !== part.innerHTML) part.replaceWith(next);
    }
  } catch {
    // The emulator is away; the next second asks again.
  }
};
setInterval(refresh, 1000);
