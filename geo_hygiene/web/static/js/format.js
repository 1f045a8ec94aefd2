// Numbers and sentences in the reader's language; days are written as ISO has them, which every reader of it reads.

import { readJson } from "./dom.js";

const locale = document.documentElement.lang || "en";
const words = readJson("words");

const wholeNumbers = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
const numbers = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
const ALMOST_ALL = 0.999;
const shares = new Intl.NumberFormat(locale, { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });

export function say(key, values = {}) {
  return words[key].replace(/%\((\w+)\)s/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

export function metres(value) {
  return say("metres", { amount: (Math.abs(value) < 100 ? numbers : wholeNumbers).format(value) });
}

export function number(value) {
  return numbers.format(value);
}

export function amount(value, unit) {
  return unit === "m" ? say("metres", { amount: wholeNumbers.format(value) }) : numbers.format(value);
}

// 100 % is said only of the whole.
export function share(part, whole) {
  return whole > 0 ? shares.format(part < whole ? Math.min(part / whole, ALMOST_ALL) : 1) : "–";
}

// Half-open periods are told with their last day: people read "until" as including it.
function lastDay(end) {
  const date = new Date(`${end}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() - 1);
  return date.toISOString().slice(0, 10);
}

export function fromTo(from, to) {
  return say("from_to", { from: number(from), to: metres(to) });
}

// Between which lanes a segment lies; its code where none is known at one of its ends.
export function segmentOf({ from_lane: from, to_lane: to, code }) {
  return from && to ? say("between", { from, to }) : code;
}

// Name with code: people know the one, files and other offices the other.
export function named({ name, code }) {
  return name && code && name !== code ? say("named", { name, code }) : name || code || say("no_name");
}

// Group and community of a target, by name where they have one.
export function placeOf(target) {
  return [target.group_name || target.group, target.community_name || target.community].filter(Boolean).join(" · ");
}

export function period(from, to) {
  if (!to) return from ? say("since", { day: from }) : say("since_always");
  return from ? say("since_until", { from, until: lastDay(to) }) : say("until", { day: lastDay(to) });
}
