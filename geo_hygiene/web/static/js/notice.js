// A sentence at the lower edge that goes away by itself.

import { byId, delayed, fill } from "./dom.js";

const NOTICE_MS = 8000;

const hush = delayed(NOTICE_MS, () => (byId("notice").hidden = true));

export function tell(text) {
  fill(byId("notice"), text);
  byId("notice").hidden = false;
  hush();
}
