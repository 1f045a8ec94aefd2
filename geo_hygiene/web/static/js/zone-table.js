// The list of a zone as rows, each with a box that chooses it: what the map does by a click, by keyboard too.

import { element, fill } from "./dom.js";
import { amount, fromTo, named, number, say } from "./format.js";
import { keyOf } from "./zone-lists.js";

function whole({ from_m: from, to_m: to, extent_m: extent }) {
  return from === 0 && to === extent;
}

export function lengthOf(list) {
  return list.reduce((sum, { from_m: from, to_m: to }) => sum + (to - from), 0);
}

// Rows of stretches; `chosen` is a Map of those that are chosen, by key.
export function stretchRows(list, unit, chosen, choose) {
  return list.map((stretch) => {
    const key = keyOf(stretch);
    const box = element("input", { type: "checkbox", checked: chosen.has(key), "data-focus": `box ${key}` });
    box.addEventListener("change", () => choose([stretch], box.checked));
    const part = whole(stretch) || unit !== "m" ? null : element("span", { class: "row-detail" }, fromTo(stretch.from_m, stretch.to_m));
    return element(
      "li",
      { "data-segment": stretch.segment },
      element(
        "label",
        {},
        box,
        element("span", { class: "row-name" }, named({ name: stretch.lane, code: stretch.code })),
        unit === "m" ? element("span", { class: "row-figure plain" }, amount(stretch.to_m - stretch.from_m, unit)) : null,
        part,
      ),
    );
  });
}

// What can be done with the chosen stretches; `acts` are pairs of a word and what it does.
export function chosenBar(chosen, unit, acts) {
  const bar = element("div", { class: "chosen-bar", hidden: chosen.length === 0 });
  const told = unit === "m" ? amount(lengthOf(chosen), unit) : number(chosen.length);
  fill(
    bar,
    element("p", {}, say("chosen", { count: number(chosen.length), amount: told })),
    element(
      "p",
      { class: "acts" },
      ...acts.map(([word, act]) => element("button", { type: "button", class: "button quiet", "data-act": word, "data-focus": `act ${word}`, onclick: act }, say(word))),
    ),
  );
  return bar;
}
