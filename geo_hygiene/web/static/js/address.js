// The whole state of the page stands in its address: /map?duty=&on=&layers=&states=&color=&select=#map=z/lat/lon

import { delayed } from "./dom.js";

export const STATES = ["covered", "gap", "overlap", "vacant"];
const DAY = /^\d{4}-\d{2}-\d{2}$/;

export function readAddress(config, address = window.location) {
  const words = new URLSearchParams(address.search);
  const duties = config.duties.map((duty) => duty.code);
  const layers = config.layers_all.map((layer) => layer.key);
  const chosen = (name, allowed, otherwise) => {
    if (!words.has(name)) return new Set(otherwise);
    return new Set(words.get(name).split(",").filter((word) => allowed.includes(word)));
  };
  return {
    duty: duties.includes(words.get("duty")) ? words.get("duty") : config.duty,
    on: DAY.test(words.get("on") ?? "") ? words.get("on") : config.on,
    layers: chosen("layers", layers, config.usual),
    states: chosen("states", STATES, STATES),
    color: words.get("color") === "holder" ? "holder" : "state",
    select: words.get("select") || null,
    view: readView(address.hash),
  };
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

export function query(state, config) {
  const words = new URLSearchParams({ duty: state.duty, on: state.on });
  const usual = new Set(config.usual);
  if (state.layers.size !== usual.size || [...state.layers].some((key) => !usual.has(key))) {
    words.set("layers", [...state.layers].join(","));
  }
  if (state.states.size !== STATES.length) words.set("states", STATES.filter((s) => state.states.has(s)).join(","));
  if (state.color !== "state") words.set("color", state.color);
  if (state.select) words.set("select", state.select);
  return `?${words.toString().replaceAll("%2C", ",").replaceAll("%3A", ":")}`;
}

export function keepAddress(store, config, map) {
  const address = (state) => `${query(state, config)}#map=${state.view ?? writeView(map)}`;
  const replace = delayed(150, () => history.replaceState(null, "", address(store.get())));

  store.watch(null, (state, _before, how) => {
    if (how.restoring) return;
    if (how.push) {
      history.pushState(null, "", address(state));
    } else {
      replace();
    }
  });
  map.on("moveend", () => store.set({ view: writeView(map) }));
  window.addEventListener("popstate", () => store.set(readAddress(config), { restoring: true }));
}
