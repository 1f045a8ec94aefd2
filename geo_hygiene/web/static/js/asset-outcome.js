// What a change would do, told before it is stored.

import { element } from "./dom.js";
import { amount, metres, say } from "./format.js";
import { fields } from "./zone-dialogs.js";

const FIGURES = ["total", "gap", "overlap", "vacant", "covered"];

const nameOf = ({ properties: { code, length_m: length }, id }) => [code ?? id.slice(0, 8), length === null ? null : metres(length)].filter(Boolean).join(" · ");

export const namesOf = (features) => features.map(({ properties, id }) => properties.code ?? id.slice(0, 8)).join(", ");

const list = (title, rows) => (rows.length ? [element("h3", {}, title), element("ul", { class: "outcome" }, ...rows)] : []);
const row = (text, worse = false) => element("li", { class: worse ? "worse" : null }, text);

function figures({ duties, unit }, titles) {
  const least = unit === "m" ? 0.5 : 1;
  const signed = (value) => `${value > 0 ? "+" : "−"}${amount(Math.abs(value), unit)}`;
  return duties.flatMap(({ duty, makes }) => {
    const changes = FIGURES.filter((name) => Math.abs(makes[name]) >= least);
    const told = changes.map((name) => `${say(name)} ${signed(makes[name])}`).join(", ");
    return changes.length ? [row(`${titles[duty] ?? duty}: ${told}`, makes.gap >= least || makes.overlap >= least)] : [];
  });
}

function zones({ held, lost, unit, duties }, act) {
  const told = (value) => (unit === "m" ? metres(value) : say("place_one"));
  const rows = held.map(({ zone, amount: value }) => row(say("outcome_held", { zone, amount: told(value) })));
  if (!held.length && duties.length && act !== "end") rows.push(row(say("outcome_held_none"), true));
  return [...rows, ...lost.map(({ zone, amount: value }) => row(say(zone ? "outcome_lost" : "outcome_work", { zone, amount: told(value) }), Boolean(zone)))];
}

// Asks whether to go on; `act` is create, change, split, join or end.
export async function confirmed(act, answer, { day, titles }) {
  const made = act === "change" && !answer.ended.length ? "outcome_is" : "outcome_begins";
  const rows = figures(answer, titles);
  const parts = [
    element("p", { class: "outcome-told" }, say(day ? "outcome_from" : "outcome_correct", { day })),
    ...list(say("outcome_ends"), (act === "end" ? answer.targets : answer.ended).map((one) => row(nameOf(one)))),
    ...(act === "end" ? [] : list(say(made), answer.targets.map((one) => row(nameOf(one))))),
    ...list(say("outcome_duties"), [...(rows.length ? rows : [row(say("outcome_same"))]), ...zones(answer, act)]),
    ...list("", answer.findings.map(({ message }) => row(message))),
  ];
  return fields(say(`outcome_${act}`), [], `yes_${act}`, parts);
}
