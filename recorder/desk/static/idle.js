// Warns before a session ends because nobody did anything, and lets him go on (WCAG 2.2, 2.2.1).
// All tabs of a session count together. Typing, and listening, is doing something.
"use strict";
(() => {
  const box = document.getElementById("idle");
  if (!box) return;
  const WARN_MS = 120_000;
  const TELL_EACH_MS = 120_000;
  const idle = Number(box.dataset.idleS) * 1000;
  const ends = Date.now() + Number(box.dataset.leftS) * 1000; // whatever he does
  const SEEN = "desk-seen"; // when the door last heard of this session, by this browser's clock
  const note = () => { try { localStorage.setItem(SEEN, String(Date.now())); } catch { /* one tab alone then */ } };
  let ours = Date.now();
  const seen = () => { try { return Math.max(ours, Number(localStorage.getItem(SEEN)) || 0); } catch { return ours; } };
  note();

  const stay = () => fetch("/alive", { cache: "no-store", redirect: "error" })
    .then((answer) => { if (answer.ok) { ours = Date.now(); note(); look(); } })
    .catch(() => {}); // the door can't be reached: the warning stays, and the session's end is what it is
  const busy = () => { if (Date.now() - seen() > TELL_EACH_MS) stay(); };

  const look = () => {
    const left = Math.min(seen() + idle, ends) - Date.now();
    if (left <= 0) location.assign("/login?out=idle");
    const warns = left <= WARN_MS;
    if (warns && box.hidden) {
      const isLast = ends - Date.now() <= WARN_MS; // nothing lengthens it
      document.getElementById("idle-said").textContent = isLast ? box.dataset.last : box.dataset.said;
      document.getElementById("stay").hidden = isLast;
    }
    box.hidden = !warns;
  };
  document.getElementById("stay").addEventListener("click", stay);
  document.addEventListener("keydown", busy);
  document.addEventListener("change", busy);
  document.addEventListener("desk-busy", busy);
  document.addEventListener("desk-asked", () => { ours = Date.now(); note(); look(); }); // a script of the page asked
  setInterval(look, 1000);
})();
