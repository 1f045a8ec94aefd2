// The places of a file that was tried, on a map, those with errors in red. Its page says everything in words too.

import { byId } from "./dom.js";
import { smallMap, telling } from "./small-map.js";

const GOOD = { color: "#1f5f8b", weight: 3, opacity: 0.9, fillColor: "#1f5f8b", fillOpacity: 0.15 };
const WRONG = { color: "#b02a3c", weight: 4, opacity: 1, fillColor: "#b02a3c", fillOpacity: 0.3 };

smallMap((config) => {
  const places = L.geoJSON(config.features, {
    style: ({ properties }) => (properties.wrong ? WRONG : GOOD),
    pointToLayer: ({ properties }, at) => L.circleMarker(at, { radius: 5, ...(properties.wrong ? WRONG : GOOD) }),
    onEachFeature: ({ properties }, layer) => telling(layer, byId("where").dataset.row.replace("%(row)s", String(properties.row))),
  });
  places.on("add", () => places.eachLayer((place) => place.feature.properties.wrong && place.bringToFront()));
  return places;
});
