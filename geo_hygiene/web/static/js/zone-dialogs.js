// Questions that must be answered before it goes on. Each returns what was answered, or null.

import { byId, element, fill } from "./dom.js";
import { say } from "./format.js";

const box = () => byId("asked");

// Opens a dialog with some parts and buttons; `acts` are pairs of a word and what it answers.
function open(title, parts, acts) {
  const form = element("form", { method: "dialog", class: "asked-form" });
  const buttons = acts.map(([word, value, quiet]) =>
    element("button", { type: "submit", class: quiet ? "button quiet" : "button", value, "data-answer": value || "no", formnovalidate: value === "" }, say(word)),
  );
  fill(form, element("h2", { id: "asked-title" }, title), ...parts, element("p", { class: "acts" }, ...buttons));
  fill(box(), form);
  box().returnValue = "";
  box().showModal();
  return new Promise((done) => box().addEventListener("close", () => done(box().returnValue || null), { once: true }));
}

export function confirmed(title, text, yes) {
  return open(title, [element("p", {}, text)], [["cancel", "", true], [yes, "yes"]]);
}

export function shown(title, parts) {
  return open(title, parts, [["close", ""]]);
}

// Asks with fields; returns their values by name.
export async function fields(title, inputs, yes, parts = []) {
  const rows = inputs.map(([label, input]) => element("p", { class: "field" }, element("label", { for: input.id }, label), input));
  const answer = await open(title, [...rows, ...parts], [["cancel", "", true], [yes, "yes"]]);
  return answer && Object.fromEntries(inputs.map(([, input]) => [input.name, input.value.trim()]));
}
