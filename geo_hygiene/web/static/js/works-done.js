// Where work was done on a small map; the rows below say the same.

import { smallMap, telling } from "./small-map.js";

const CASING = { color: "#fffdf6", weight: 6, opacity: 1, interactive: false };
const LINE = { color: "#b4530a", weight: 3.5, opacity: 1 };
const SPOT = { radius: 5, color: "#fffdf6", weight: 1.5, fillColor: "#b4530a", fillOpacity: 1 };

const drawn = (work, look) =>
  L.geoJSON(work.place, { style: look, pointToLayer: (_feature, place) => L.circleMarker(place, SPOT) });

const isLine = (work) => work.place.type.endsWith("LineString");

// all casings lie below all lines, so that pieces that meet look like one
smallMap(({ works }) =>
  L.featureGroup([
    ...works.filter(isLine).map((work) => drawn(work, CASING)),
    ...works.map((work) => telling(drawn(work, isLine(work) ? LINE : SPOT), work.words)),
  ]),
);
