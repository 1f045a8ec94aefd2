// Where the focus was before the panel opened, and where it goes when the panel closes.

import { byId } from "./dom.js";

export function createWayBack() {
  let from = null;

  return {
    // from one panel to the next the way back stays: what was pressed in the panel is gone with it
    keep() {
      if (!byId("panel").contains(document.activeElement)) from = document.activeElement;
    },

    go() {
      from?.focus({ preventScroll: true });
      // rows come and go, and on a phone they lie in a folded sheet
      if (!from || from === document.body || document.activeElement !== from) byId("map").focus({ preventScroll: true });
      from = null;
    },
  };
}
