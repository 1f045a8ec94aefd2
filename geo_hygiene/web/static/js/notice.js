// A sentence at the lower edge that goes away by itself.

import { byId, delayed, fill } from "./dom.js";

const NOTICE_MS = 8000;

// What was told is so no longer.
export function untell() {
  byId("notice").hidden = true;
}

const hush = delayed(NOTICE_MS, untell);

export function tell(text) {
  fill(byId("notice"), text);
  byId("notice").hidden = false;
  hush();
}
