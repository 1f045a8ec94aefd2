// A plan beside the one that holds: who gains, who loses; and its publication, with what changed meanwhile.

import { element } from "./dom.js";
import { amount, named, number, say } from "./format.js";
import { fields, shown } from "./zone-dialogs.js";

const MOST = 200;

function rowsOf(found, unit, nameOf) {
  const head = element("tr", {}, ...["", "compare_before", "compare_after", "compare_gains", "compare_loses"].map((word) => element("th", { scope: "col" }, word && say(word))));
  const signs = { gains: "+", loses: "−" };
  const cell = (one, name) => {
    if (!one[name]) return element("td", {}, "–");
    const sign = signs[name] ?? "";
    const minutes = element("small", {}, sign + say("compare_minutes", { number: number(one[`${name}_min`]) }));
    return element("td", { class: sign ? name : "" }, sign + amount(one[name], unit), minutes);
  };
  const row = (one) =>
    element("tr", { "data-code": one.code }, element("th", { scope: "row" }, nameOf(one)), ...["before", "after", "gains", "loses"].map((name) => cell(one, name)));
  return element("table", { class: "areas compared" }, element("thead", {}, head), element("tbody", {}, ...found.slice(0, MOST).map(row)));
}

function figuresOf({ first, second, unit }) {
  const row = (state) =>
    element(
      "tr",
      { "data-state": state },
      element("th", { scope: "row" }, say(state)),
      ...[first, second].map((plan) => element("td", {}, amount(plan[state], unit))),
    );
  const head = element("tr", {}, element("th"), element("th", { scope: "col" }, say("compare_plan")), element("th", { scope: "col" }, second.plan));
  return element("table", { class: "areas compared" }, element("thead", {}, head), element("tbody", {}, ...["covered", "gap", "overlap", "vacant"].map(row)));
}

export async function showComparison(answer) {
  const { unit, people, zones } = answer;
  await shown(say("compare_title", { plan: answer.second.plan }), [
    element("p", { id: "moved" }, say("compare_moved", { amount: amount(answer.moved, unit), count: number(answer.moved_targets), minutes: number(answer.moved_min) })),
    element(
      "div",
      { class: "asked-scroll", tabindex: 0 },
      figuresOf(answer),
      element("h3", {}, say("people")),
      people.length ? element("p", { class: "fine" }, say("compare_told")) : null,
      people.length ? rowsOf(people, unit, (person) => named(person)) : element("p", { class: "empty" }, say("compare_same")),
      element("h3", {}, say("zones")),
      zones.length ? rowsOf(zones, unit, (zone) => zone.code) : element("p", { class: "empty" }, say("compare_same")),
    ),
  ]);
}

function changesOf({ zones, ended, begun_in_all: begun }) {
  const zoneRows = zones.map(({ zone, change }) => element("li", { "data-change": change }, say(`change_${change}`, { zone })));
  const endedRows = ended.map(({ day, zones: codes }) => element("li", {}, say("change_segment_ended", { day, zones: codes.join(", ") })));
  const more = begun ? [element("li", {}, say("change_segments_begun", { count: number(begun) }))] : [];
  return element("ul", { class: "changes asked-scroll" }, ...zoneRows, ...endedRows, ...more);
}

// Returns the day, and the seal of the changes that were shown.
export async function askDay({ today, name, changes }) {
  const day = element("input", { type: "date", id: "publish-from", name: "day", min: today, max: "2199-12-31", value: today, required: true });
  const title = say("publish_title", { name });
  const answer = await fields(title, [[say("publish_from"), day]], "publish_look", [element("p", { class: "fine" }, say("publish_told"))]);
  if (!answer?.day) return null;
  const found = await changes(answer.day);
  if (!found) return null;
  const parts = found.seen ? [element("p", {}, say("publish_changes")), changesOf(found)] : [element("p", {}, say("publish_quiet"))];
  const sure = await fields(say("publish_sure", { name, day: answer.day }), [], "publish_now", parts);
  return sure && { day: answer.day, seen: found.seen };
}
