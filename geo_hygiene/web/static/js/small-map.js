// A small map in a page that says everything in words too: the page scrolls, not the map in it.

import { createBaseMap } from "./base-map.js";
import { byId, readJson } from "./dom.js";
import { createTiles } from "./drawing.js";
import { createStore } from "./store.js";

const CLOSEST = 18;

// Draws what `config` says beside the ground, by a layer of Leaflet that knows its bounds, with words for each place.
export function smallMap(draw) {
  const config = readJson("config");
  const ground = { layers: new Set(config.usual), states: new Set(), color: null };
  const map = window.map;
  map.scrollWheelZoom.disable();
  if (matchMedia("(pointer: coarse)").matches) map.dragging.disable();
  byId("map").setAttribute("role", "region");
  byId("map").setAttribute("aria-labelledby", "where");
  const places = draw(config).addTo(map);
  const bounds = places.getBounds();
  if (bounds.isValid()) map.fitBounds(bounds, { animate: false, maxZoom: CLOSEST, padding: [20, 20] });
  const tiles = createTiles(map, () => ({}), (reason) => console.warn(reason));
  createBaseMap(map, createStore(ground), config);
  tiles.apply(ground, null);
  document.documentElement.dataset.ready = "true";
}

// Words in a tooltip, as text.
export function telling(layer, words) {
  const text = document.createElement("span");
  text.textContent = words;
  return layer.bindTooltip(text);
}
