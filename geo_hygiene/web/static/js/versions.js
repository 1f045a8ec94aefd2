// Two versions of one thing, side by side in the panel: one is chosen, or it is put off. Nothing else is done meanwhile.

import { byId, element, fill } from "./dom.js";
import { say } from "./format.js";

const AROUND = ["deck", "tools", "find"];

function side(name, lines, isOffered) {
  return element(
    "section",
    { class: `version ${name}` },
    element("h3", {}, say(`conflict_${name}`)),
    ...lines.filter(Boolean).map((line) => element("p", {}, line)),
    isOffered ? element("button", { type: "button", class: "button", "data-choice": name }, say(`conflict_take_${name}`)) : null,
  );
}

function asked(panel) {
  return new Promise((done) => {
    for (const button of panel.querySelectorAll("[data-choice]")) {
      button.addEventListener("click", () => done(button.dataset.choice || null));
    }
    byId("panel-close").addEventListener("click", () => done(null), { once: true });
  });
}

// `mine` and `theirs` are lines of text. Returns "mine", "theirs", or null where it is put off; what can no longer be
// done is not offered.
export async function chooseVersion({ title, mine, theirs, isPossible = true }) {
  const panel = byId("panel");
  const others = AROUND.map(byId).filter(Boolean);
  const later = element("button", { type: "button", class: "button quiet", "data-choice": "" }, say("conflict_later"));
  fill(
    byId("panel-body"),
    element("header", {}, element("h2", { id: "panel-title" }, title)),
    element("p", { class: "fine" }, say("conflict_told")),
    element("div", { class: "versions", id: "conflict" }, side("mine", mine, isPossible), side("theirs", theirs, true)),
    element("p", { class: "acts" }, later),
  );
  panel.hidden = false;
  panel.scrollTop = 0;
  panel.focus({ preventScroll: true });
  for (const one of others) one.inert = true;
  try {
    return await asked(panel);
  } finally {
    for (const one of others) one.inert = false;
  }
}
