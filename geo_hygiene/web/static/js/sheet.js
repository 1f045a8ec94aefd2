// On a phone the legend is one line at the lower edge; it unfolds into a sheet with duty, day and gaps.

import { byId, isPhone, measure } from "./dom.js";

const DRAG_PX = 28;

export function createSheet(map) {
  const deck = byId("deck");
  const grip = byId("grip");

  measure(byId("legend"), "--sheet");

  function fold(open) {
    deck.classList.toggle("open", open);
    grip.setAttribute("aria-expanded", String(open));
    if (!open) deck.scrollTop = 0;
  }

  let start = null;
  grip.addEventListener("pointerdown", (event) => {
    start = event.clientY;
    grip.setPointerCapture(event.pointerId);
  });
  grip.addEventListener("pointerup", (event) => {
    const moved = start === null ? 0 : event.clientY - start;
    start = null;
    if (Math.abs(moved) > DRAG_PX) {
      fold(moved < 0);
      grip.dataset.dragged = "true";
    }
  });
  grip.addEventListener("click", () => {
    // a drag ends in a click, which must not undo it
    if (grip.dataset.dragged) delete grip.dataset.dragged;
    else fold(!deck.classList.contains("open"));
  });
  deck.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && isPhone() && deck.classList.contains("open")) {
      fold(false);
      grip.focus();
    }
  });
  map.on("click dragstart", () => isPhone() && fold(false));
  return { fold };
}
