// The places of a round on a small map, numbered in the order in which they are driven to; the list below says the same.

import { smallMap, telling } from "./small-map.js";

const WAY = { color: "#2f3b3e", weight: 2, opacity: 0.75, dashArray: "6 6", interactive: false };
const SIZE = [26, 26];

function sign({ words, done, place: [lon, lat] }, at) {
  const icon = L.divIcon({ className: done ? "stop-sign done" : "stop-sign", html: String(at + 1), iconSize: SIZE });
  return telling(L.marker([lat, lon], { icon, keyboard: false, alt: words }), words);
}

smallMap(({ stops }) =>
  L.featureGroup([L.polyline(stops.map(({ place: [lon, lat] }) => [lat, lon]), WAY), ...stops.map(sign)]),
);
