// Numbers, days and sentences in the reader's language.

import { readJson } from "./dom.js";

const locale = document.documentElement.lang || "en";
const words = readJson("words");

const metreUnit = { style: "unit", unit: "meter", unitDisplay: "short" };
const wholeMetres = new Intl.NumberFormat(locale, { ...metreUnit, maximumFractionDigits: 0 });
const fineMetres = new Intl.NumberFormat(locale, { ...metreUnit, maximumFractionDigits: 1 });
const numbers = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
const shares = new Intl.NumberFormat(locale, { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
const days = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeZone: "UTC" });

export function say(key, values = {}) {
  return words[key].replace(/%\((\w+)\)s/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

export function metres(value) {
  return (Math.abs(value) < 100 ? fineMetres : wholeMetres).format(value);
}

export function number(value) {
  return numbers.format(value);
}

export function amount(value, unit) {
  return unit === "m" ? wholeMetres.format(value) : numbers.format(value);
}

export function share(part, whole) {
  return whole > 0 ? shares.format(part / whole) : "–";
}

export function day(iso) {
  const date = new Date(`${iso}T00:00:00Z`);
  return Number.isNaN(date.getTime()) ? iso : days.format(date);
}

export function fromTo(from, to) {
  return say("from_to", { from: number(from), to: metres(to) });
}

// Group and community of a target, by name where they have one.
export function placeOf(target) {
  return [target.group_name || target.group, target.community_name || target.community].filter(Boolean).join(" · ");
}

export function period(from, to) {
  const begin = from ? say("since", { day: day(from) }) : say("since_always");
  return to ? `${begin}, ${say("until", { day: day(to) })}` : begin;
}
