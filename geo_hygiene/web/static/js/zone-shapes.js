// What is drawn of the work over the tiles: the list of a zone, its area, what is chosen in it, and what it leaves.

import { element } from "./dom.js";

const INK = "#1F2A2C";
const LIT = "#F3C04B";
const MINE = "#F3C04B";
const THEIRS = "#2F6FDE";
const OTHERS = "others";
const LOCKED = "locked";
const STAYS = [OTHERS, LOCKED];
const QUIET = { interactive: false, pmIgnore: true, snapIgnore: true };

const FULL_ZOOM = 16; // from here on lines are as wide as they are told
const THINNER = 1.45; // for each zoom farther out

const line = (color, weight, more = {}) => ({ color, weight, opacity: 1, lineCap: "round", ...more });

export function createShapes(map) {
  const styles = getComputedStyle(document.documentElement);
  const gap = styles.getPropertyValue("--state-gap").trim() || "#D1490C";
  const overlap = styles.getPropertyValue("--state-overlap").trim() || "#5B3E96";
  const renderer = L.canvas({ padding: 0.3 });
  const layers = new Map();
  const names = L.layerGroup().addTo(map);

  function put(name, shapes, style) {
    layers.get(name)?.layer.remove();
    layers.delete(name);
    if (!shapes.length) return;
    const features = shapes.map((geometry) => ({ type: "Feature", geometry, properties: {} }));
    const point = (_feature, latlng) => L.circleMarker(latlng, { radius: 7, renderer, ...QUIET });
    const layer = L.geoJSON(features, { ...QUIET, renderer, pointToLayer: point, style: sized(style) });
    layers.set(name, { layer: layer.addTo(map), style });
  }

  function sized(style) {
    const far = Math.max(0, FULL_ZOOM - map.getZoom());
    return { ...style, weight: Math.max(1.2, style.weight / THINNER ** far) };
  }

  map.on("zoomend", () => {
    for (const { layer, style } of layers.values()) layer.setStyle(sized(style));
    thin();
  });

  // Of codes that lie upon each other only the first is shown: from afar there are more of them than room.
  function thin() {
    const shown = [];
    names.eachLayer((name) => {
      const sign = name.getElement();
      if (!sign) return;
      sign.hidden = false;
      const { left, right, top, bottom } = sign.getBoundingClientRect();
      sign.hidden = shown.some((other) => left < other.right && other.left < right && top < other.bottom && other.top < bottom);
      if (!sign.hidden) shown.push({ left, right, top, bottom });
    });
  }

  const shapesOf = (list) => list.filter((stretch) => stretch.geometry).map((stretch) => stretch.geometry);

  return {
    // One zone, and what it would do.
    show({ picture, segments, shared = [], left = [] }, { bare = false } = {}) {
      put("area", picture && !bare ? [picture] : [], { color: INK, weight: 1.5, dashArray: "5 4", fillColor: LIT, fillOpacity: 0.1 });
      put("rim", shapesOf(segments), line(INK, 9));
      put("list", shapesOf(segments), line(LIT, 5.5));
      put("shared", shapesOf(shared), line(overlap, 5.5, { dashArray: "2 9" }));
      put("left", shapesOf(left), line(gap, 7));
    },

    choose(list) {
      put("chosen", shapesOf(list), line("#FFFDF6", 3, { dashArray: "1 7" }));
    },

    // Two versions of one zone: what both hold is quiet.
    compare(mine, theirs) {
      this.clear();
      put("theirs", shapesOf(theirs), line(THEIRS, 9));
      put("mine", shapesOf(mine), line(MINE, 4));
    },

    // The areas of other zones that are drawn, with their codes.
    others(zones) {
      const drawn = zones.filter(({ picture }) => picture);
      put(OTHERS, drawn.map(({ picture }) => picture), { color: INK, weight: 1, dashArray: "2 4", fillColor: LIT, fillOpacity: 0.06 });
      names.clearLayers();
      for (const { code, picture } of drawn) {
        const name = L.tooltip({ permanent: true, direction: "center", className: "zone-code", interactive: false });
        const middle = L.geoJSON(picture).getBounds().getCenter();
        names.addLayer(name.setLatLng(middle).setContent(element("span", {}, code)));
      }
      thin();
    },

    // The areas of zones that a proposal leaves as they are.
    locked(zones) {
      const areas = zones.filter(({ picture }) => picture).map(({ picture }) => picture);
      put(LOCKED, areas, { color: INK, weight: 3, fillColor: INK, fillOpacity: 0.22 });
    },

    clear() {
      for (const name of [...layers.keys()]) if (!STAYS.includes(name)) put(name, []);
    },

    boundsOf(list) {
      const box = L.geoJSON(shapesOf(list)).getBounds();
      return box.isValid() ? [box.getWest(), box.getSouth(), box.getEast(), box.getNorth()] : null;
    },
  };
}
