// The whole state of a page stands in its address: its words (?duty=&on=&layers= …) and where its map looks
// (#map=z/lat/lon). A page declares its words; each says how it is read, and how it is written where it is not usual.

import { delayed } from "./dom.js";
import { same } from "./store.js";

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const RANGES = /^\d{1,2}(-\d{1,2})?(,\d{1,2}(-\d{1,2})?)*$/;
const FIRST_DAY = "1900-01-01";
const LAST_DAY = "2199-12-31";

export function oneOf(allowed, usual, { always = false } = {}) {
  return {
    read: (text) => (allowed.includes(text) ? text : usual),
    write: (value) => (always || value !== usual ? value : null),
  };
}

export function someOf(allowed, usual) {
  const all = new Set(usual);
  return {
    read: (text) => {
      const known = (text ?? "").split(",").filter((word) => allowed.includes(word));
      return text === "" || known.length ? new Set(known) : all;
    },
    write: (value) => (same(value, all) ? null : allowed.filter((word) => value.has(word)).join(",")),
  };
}

// The thirtieth of February has the form of a day and is none.
export function isDay(text) {
  if (!DAY.test(text ?? "") || text < FIRST_DAY || text > LAST_DAY) return false;
  const day = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
}

export function aDay(usual) {
  return { read: (text) => (isDay(text) ? text : usual), write: (value) => value };
}

// Several words joined by commas, each of them known.
export function listOf(known) {
  return { read: (text) => (text && text.split(",").every((word) => known.includes(word)) ? text : null), write: (value) => value };
}

// Several numbers or ranges of numbers joined by commas, within bounds.
export function rangesOf(first, last) {
  const isGood = (text) => RANGES.test(text) && text.match(/\d+/g).every((number) => first <= Number(number) && Number(number) <= last);
  return { read: (text) => (text && isGood(text) ? text : null), write: (value) => value };
}

export function anything() {
  return { read: (text) => text || null, write: (value) => value };
}

export function readAddress(words, address = window.location) {
  const given = new URLSearchParams(address.search);
  const read = Object.entries(words).map(([name, word]) => [name, word.read(given.get(name))]);
  return { ...Object.fromEntries(read), view: readView(address.hash) };
}

export function readView(hash) {
  const [zoom, lat, lon] = (hash.match(/^#map=([\d.]+)\/(-?[\d.]+)\/(-?[\d.]+)$/) ?? []).slice(1).map(Number);
  const good = zoom >= 1 && zoom <= 22 && Math.abs(lat) <= 85 && Math.abs(lon) <= 180;
  return good ? `${zoom}/${lat}/${lon}` : null;
}

export function writeView(map) {
  const { lat, lng } = map.getCenter();
  return `${Number(map.getZoom().toFixed(2))}/${lat.toFixed(5)}/${lng.toFixed(5)}`;
}

export function query(state, words) {
  const given = new URLSearchParams();
  for (const [name, word] of Object.entries(words)) {
    const text = word.write(state[name]);
    if (text !== null) given.set(name, text);
  }
  return `?${given.toString().replaceAll("%2C", ",").replaceAll("%3A", ":")}`;
}

// The sheet of paper with what is seen of a map: its bounds are printed, its view is where the way back leads.
export function printAddress(path, state, words, map, camera) {
  return `${path}${query(state, words)}&bbox=${camera.seen().join(",")}#map=${state.view ?? writeView(map)}`;
}

// West, south, east, north in degrees; read once, and not written again.
export function aBox() {
  const isBox = ([west, south, east, north]) => -180 <= west && west < east && east <= 180 && -85 <= south && south < north && north <= 85;
  return {
    read: (text) => {
      const sides = (text ?? "").split(",").map(Number);
      return sides.length === 4 && isBox(sides) ? sides : null;
    },
    write: () => null,
  };
}

export function keepAddress(store, words, map) {
  const address = (state) => `${query(state, words)}#map=${state.view ?? writeView(map)}`;
  const replace = () => history.replaceState(null, "", address(store.get()));
  const replaceSoon = delayed(150, replace); // a browser refuses to write it with every step of a slider

  store.watch(null, (state, _before, how) => {
    if (how.restoring) return;
    if (how.push) history.pushState(null, "", address(state));
    else if (how.atOnce) replace();
    else replaceSoon();
  });
  map.on("moveend", () => store.set({ view: writeView(map) }));
  window.addEventListener("popstate", () => store.set(readAddress(words), { restoring: true }));
}
