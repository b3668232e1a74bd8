/* What moves on a page: parts that htmx asks for again and again are morphed, so that what stays is not touched. */

"use strict";

(() => {
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const before = new Map();
  let focused = null;

  const rows = (within) => within.querySelectorAll("[data-moves]");

  // A plot draws itself from its new numbers.
  Object.assign(Idiomorph.defaults.callbacks, {
    beforeNodeMorphed: (old, fresh) => {
      if (old.localName !== "desk-plot") return true;
      const [data, label] = ["data", "aria-label"].map((name) => fresh.getAttribute(name));
      if (old.getAttribute("data") !== data) old.setAttribute("data", data);
      old.setAttribute("aria-label", label);
      return false;
    },
  });

  document.addEventListener("htmx:beforeRequest", (event) => {
    if (document.hidden && event.target.matches("[data-live]")) event.preventDefault();
  });

  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    before.clear();
    for (const row of rows(detail.target)) before.set(row.id, row.getBoundingClientRect().top);
    focused = document.activeElement?.id;
  });

  document.addEventListener("htmx:afterSwap", ({ detail }) => {
    if (focused && document.activeElement?.id !== focused) document.getElementById(focused)?.focus({ preventScroll: true });
    if (still.matches || before.size === 0) return;
    for (const row of rows(detail.target)) {
      const from = before.get(row.id);
      const by = from === undefined ? null : from - row.getBoundingClientRect().top;
      if (by === null) row.animate({ opacity: [0, 1] }, 400);
      else if (by) row.animate({ transform: [`translateY(${by}px)`, "none"] }, { duration: 400, easing: "ease-out" });
    }
  });

  // A list that no longer follows must not look as if it did.
  const tell = (late) => {
    for (const note of document.querySelectorAll("[data-late]")) note.hidden = !late;
  };
  for (const name of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) document.addEventListener(name, () => tell(true));
  document.addEventListener("htmx:afterSwap", () => tell(false));
})();
