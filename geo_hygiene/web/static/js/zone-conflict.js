// Somebody else changed the same zone of the same draft: both versions are on the map, and one is chosen.

import { byId, element, fill } from "./dom.js";
import { amount, number, say } from "./format.js";
import { without } from "./zone-lists.js";
import { lengthOf } from "./zone-table.js";

// `look(zone)` returns its list with shapes; `holderOf(zone)` who holds it, in words.
export function createConflict({ shapes, look, holderOf, unitOf, showAll }) {
  function side(name, zone, list, other) {
    const unit = unitOf();
    const told = (stretches) => (unit === "m" ? amount(lengthOf(stretches), unit) : number(stretches.length));
    const more = without(list, other).filter(({ to_m: to }) => to !== undefined);
    const lines = !zone
      ? [say("conflict_plan")]
      : zone.ends
        ? [say("conflict_ends")]
        : [say("conflict_list", { amount: told(list), more: told(more) }), holderOf(zone), zone.name];
    return element(
      "section",
      { class: `version ${name}` },
      element("h3", {}, say(`conflict_${name}`)),
      ...lines.filter(Boolean).map((line) => element("p", {}, line)),
      element("button", { type: "button", class: "button", "data-choice": name }, say(`conflict_take_${name}`)),
    );
  }

  // Returns "mine", "theirs", or null where it is put off.
  return async function conflict({ code, mine, theirs }) {
    const [one, other] = await Promise.all([look(mine), look(theirs)]);
    const panel = byId("panel");
    shapes.compare(one, other);
    const box = shapes.boundsOf([...one, ...other]);
    if (box) showAll(box);
    const later = element("button", { type: "button", class: "button quiet", "data-choice": "" }, say("conflict_later"));
    fill(
      byId("panel-body"),
      element("header", {}, element("h2", { id: "panel-title" }, say("conflict_title", { zone: code }))),
      element("p", { class: "fine" }, say("conflict_told")),
      element("div", { class: "versions", id: "conflict" }, side("mine", mine, one, other), side("theirs", theirs, other, one)),
      element("p", { class: "acts" }, later),
    );
    panel.hidden = false;
    panel.focus({ preventScroll: true });
    const choice = await new Promise((done) => {
      for (const button of panel.querySelectorAll("[data-choice]")) {
        button.addEventListener("click", () => done(button.dataset.choice || null));
      }
      byId("panel-close").addEventListener("click", () => done(null), { once: true });
    });
    shapes.clear();
    return choice;
  };
}
