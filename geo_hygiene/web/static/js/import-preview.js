// The places of a file that was tried, on a map, those with errors in red. Its page says everything in words too.

import { createBaseMap } from "./base-map.js";
import { byId, readJson } from "./dom.js";
import { createTiles } from "./drawing.js";
import { createStore } from "./store.js";

const GOOD = { color: "#1f5f8b", weight: 3, opacity: 0.9, fillColor: "#1f5f8b", fillOpacity: 0.15 };
const WRONG = { color: "#b02a3c", weight: 4, opacity: 1, fillColor: "#b02a3c", fillOpacity: 0.3 };
const CLOSEST = 18;

const config = readJson("config");
const GROUND = { layers: new Set(config.usual), states: new Set(), color: null };
const map = window.map;
map.scrollWheelZoom.disable();
if (matchMedia("(pointer: coarse)").matches) map.dragging.disable();
byId("map").setAttribute("role", "region");
byId("map").setAttribute("aria-labelledby", "where");

const places = L.geoJSON(config.features, {
  style: ({ properties }) => (properties.wrong ? WRONG : GOOD),
  pointToLayer: ({ properties }, at) => L.circleMarker(at, { radius: 5, ...(properties.wrong ? WRONG : GOOD) }),
  onEachFeature: ({ properties }, layer) => {
    const text = document.createElement("span");
    text.textContent = byId("where").dataset.row.replace("%(row)s", String(properties.row));
    layer.bindTooltip(text);
  },
}).addTo(map);
places.eachLayer((place) => place.feature.properties.wrong && place.bringToFront());
const bounds = places.getBounds();
if (bounds.isValid()) map.fitBounds(bounds, { animate: false, maxZoom: CLOSEST, padding: [20, 20] });

const tiles = createTiles(map, () => ({}), (reason) => console.warn(reason));
createBaseMap(map, createStore(GROUND), config);
tiles.apply(GROUND, null);
document.documentElement.dataset.ready = "true";
