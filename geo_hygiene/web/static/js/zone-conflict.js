// Somebody else changed the same zone of the same draft: both versions are on the map, and one is chosen.

import { amount, number, say } from "./format.js";
import { chooseVersion } from "./versions.js";
import { without } from "./zone-lists.js";
import { lengthOf } from "./zone-table.js";

// `look(zone)` returns its list with shapes; `holderOf(zone)` who holds it, in words.
export function createConflict({ shapes, look, holderOf, unitOf, showAll }) {
  function lines(zone, list, other) {
    if (!zone) return [say("conflict_plan")];
    if (zone.ends) return [say("conflict_ends")];
    const unit = unitOf();
    const told = (stretches) => (unit === "m" ? amount(lengthOf(stretches), unit) : number(stretches.length));
    const more = without(list, other).filter(({ to_m: to }) => to !== undefined);
    return [say("conflict_list", { amount: told(list), more: told(more) }), holderOf(zone), zone.name];
  }

  // Returns "mine", "theirs", or null where it is put off.
  return async function conflict({ code, mine, theirs }) {
    const [one, other] = await Promise.all([look(mine), look(theirs)]);
    shapes.compare(one, other);
    const box = shapes.boundsOf([...one, ...other]);
    if (box) showAll(box);
    const title = say("conflict_title", { zone: code });
    const choice = await chooseVersion({ title, mine: lines(mine, one, other), theirs: lines(theirs, other, one) });
    shapes.clear();
    return choice;
  };
}
