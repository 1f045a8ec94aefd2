// What was done on a target, the newest first, and when it is due again.

import { ask } from "./api.js";
import { element } from "./dom.js";
import { fromTo, number, say } from "./format.js";

const LISTED = 5;
const DAY_MS = 86_400_000;

function dayAfter(day) {
  return new Date(Date.parse(`${day}T00:00:00Z`) + DAY_MS).toISOString().slice(0, 10);
}

function row(kinds, one) {
  const along = one.from_m === null && one.to_m === null ? null : fromTo(one.from_m ?? 0, one.to_m);
  const volume = one.volume_m3 === null ? null : say("cubic_metres", { amount: number(one.volume_m3) });
  return element(
    "li",
    { "data-work": one.id },
    element("span", { class: "row-name" }, `${one.day} · ${kinds[one.kind] ?? one.kind}`),
    element("span", { class: "row-detail" }, [along, volume, one.truck, one.team, one.note].filter(Boolean).join(" · ")),
  );
}

function again({ states }, one) {
  const words = one.due_on ? say("due_on", { state: states[one.state], day: one.due_on }) : states[one.state];
  return element("p", { class: "fine", "data-due": one.state }, words);
}

// Returns nothing where no work is on record and none comes again.
export async function workOn({ api, works }, { id, kind }, on) {
  const comes = works.again[kind];
  const [done, due] = await Promise.all([
    ask("works", `${api}/works`, { target: id, to: dayAfter(on), limit: LISTED }),
    comes ? ask("due", `${api}/works/due`, { kind: comes, target: id, on }) : null,
  ]);
  const rows = done?.works ?? [];
  const next = due?.targets[0];
  if (!rows.length && !next) return [];
  return [
    element("h3", { class: "divider" }, say("work_done")),
    next ? again(works, next) : null,
    element("ol", { class: "work-list" }, ...rows.map((one) => row(works.kinds, one))),
  ];
}
