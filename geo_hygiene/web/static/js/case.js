// The place of one complaint on a small map, with the cover of its day. Its page says everything in words too.

import { createBaseMap } from "./base-map.js";
import { byId, readJson } from "./dom.js";
import { createTiles } from "./drawing.js";
import { createStore } from "./store.js";

const ZOOM = 17;
const STATES = ["covered", "gap", "overlap", "vacant"];
const SPOT = { radius: 9, color: "#fffdf6", weight: 3, fillColor: "#b02a3c", fillOpacity: 1, interactive: false };

// where the place may be that was found by an address
const AROUND = { color: "#b02a3c", weight: 2, dashArray: "6 5", fillColor: "#b02a3c", fillOpacity: 0.08, interactive: false };

const config = readJson("config");
const map = window.map;
const [lon, lat] = config.place;

map.setView([lat, lon], ZOOM, { animate: false });
// the page scrolls, not the map in it
map.scrollWheelZoom.disable();
if (matchMedia("(pointer: coarse)").matches) map.dragging.disable();
if (config.accuracy_m) {
  const around = L.circle([lat, lon], { ...AROUND, radius: config.accuracy_m }).addTo(map);
  map.fitBounds(around.getBounds(), { maxZoom: ZOOM, animate: false });
}
L.circleMarker([lat, lon], SPOT).addTo(map);
byId("map").setAttribute("role", "region");
byId("map").setAttribute("aria-labelledby", "where");

const tiles = createTiles(map, ({ duty, on }) => ({ cover: { duty, on } }), (reason) => console.warn(reason));
const state = { duty: config.duty, on: config.on, layers: new Set(config.usual), states: new Set(STATES), color: "state" };
createBaseMap(map, createStore(state), config);
tiles.apply(state, config.segment ? { by: "segment", values: [config.segment] } : null);
document.documentElement.dataset.ready = "true";
