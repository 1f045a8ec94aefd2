// What is due on a small map; the rows below say the same.

import { smallMap, telling } from "./small-map.js";

// filled and hollow, large and small: the states are told without their colours too
const LOOKS = {
  due: { radius: 7, color: "#fffdf6", weight: 2, fillColor: "#b02a3c", fillOpacity: 1 },
  soon: { radius: 6, color: "#fffdf6", weight: 2, fillColor: "#d98a1f", fillOpacity: 1 },
  never: { radius: 5, color: "#5b5f66", weight: 2.5, fillColor: "#fffdf6", fillOpacity: 1 },
  later: { radius: 4, color: "#fffdf6", weight: 1, fillColor: "#1f5f8b", fillOpacity: 1 },
};

smallMap(({ places, states }) =>
  L.featureGroup(
    places.map(({ code, name, state, place: [lon, lat] }) =>
      telling(L.circleMarker([lat, lon], LOOKS[state]), [code, name, states[state]].filter(Boolean).join(" · ")),
    ),
  ),
);
