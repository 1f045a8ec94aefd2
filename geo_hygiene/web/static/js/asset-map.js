// What can be picked and snapped to on the map, and what is drawn or dragged there. The shapes are Geoman's; what they
// do is asked of the server.

import { ask } from "./api.js";
import { delayed } from "./dom.js";

const FROM_ZOOM = 15;
const SNAP_PX = 14;
const REACH_PX = 8;
const WAIT_MS = 200;
const STREETS = "street-segments";

const INK = "#1F2A2C";
const LIT = "#F3C04B";
const THEIRS = "#2F6FDE";
const UNSEEN = { opacity: 0, interactive: false, pmIgnore: true, snapIgnore: false };
const QUIET = { interactive: false, pmIgnore: true, snapIgnore: true };
const LINE = { color: INK, weight: 2.5, opacity: 0.75 };
const DRAWN = {
  templineStyle: { color: INK, weight: 3 },
  hintlineStyle: { color: INK, weight: 2, dashArray: "4 4" },
  pathOptions: { color: INK, weight: 3 },
  snappable: true,
  snapDistance: SNAP_PX,
  allowSelfIntersection: false,
  finishOn: "dblclick",
};

const icon = () => L.divIcon({ className: "marker-icon asset-point", iconSize: [14, 14] });
const shapeOf = (layer) => layer.toGeoJSON(9).geometry;
const placesOf = ({ type, coordinates }) => (type === "Point" ? [coordinates] : coordinates);

// `page` has kind(), on(), what was picked(feature), drawn(geometry), moved(geometry), split(place), and seen(features, whole).
export function createAssetMap(map, config, page) {
  const renderer = L.canvas({ padding: 0.3, tolerance: REACH_PX });
  const around = L.layerGroup().addTo(map);
  const chosen = L.layerGroup().addTo(map);
  let tool = "pick";
  let dragged = null;

  map.pm.setLang(document.documentElement.lang.startsWith("zh") ? "zh" : "en");
  map.pm.setGlobalOptions({ snappable: true, snapDistance: SNAP_PX });

  function seen(feature) {
    const point = (_feature, latlng) => L.circleMarker(latlng, { radius: 6, weight: 2, color: INK, fillColor: "#fffdf6", fillOpacity: 1, renderer, pmIgnore: true, snapIgnore: false });
    const layer = L.geoJSON(feature, { renderer, pmIgnore: true, snapIgnore: false, style: LINE, pointToLayer: point });
    layer.on("click", () => tool === "pick" && page.picked(feature));
    return layer;
  }

  async function look() {
    if (map.getZoom() < FROM_ZOOM) {
      around.clearLayers();
      return page.seen([], true, false);
    }
    const box = map.getBounds();
    const edges = { west: box.getWest(), south: box.getSouth(), east: box.getEast(), north: box.getNorth(), on: page.on() };
    const lists = [ask("around", `${config.api}/targets/${page.kind().key}`, edges)];
    if (page.kind().key !== STREETS) lists.push(ask("streets", `${config.api}/targets/${STREETS}`, edges));
    try {
      const [found, streets] = await Promise.all(lists);
      if (!found) return null;
      around.clearLayers();
      for (const { geometry } of streets?.features ?? []) L.geoJSON(geometry, UNSEEN).addTo(around);
      for (const feature of found.features) seen(feature).addTo(around);
      return page.seen(found.features, found.whole, true);
    } catch (error) {
      return page.fail(error);
    }
  }
  const soon = delayed(WAIT_MS, look);
  map.on("moveend", soon);
  map.on("click", ({ latlng }) => tool === "split" && page.split([latlng.lng, latlng.lat]));

  map.on("pm:create", ({ layer }) => {
    const drawn = shapeOf(layer);
    layer.remove();
    page.drawn(drawn);
  });

  function rest() {
    map.pm.disableDraw();
    dragged?.pm.disable();
    dragged?.remove();
    dragged = null;
    map.getContainer().classList.toggle("draws", tool !== "pick");
  }

  function put(geometry, color, weight, radius) {
    const point = (_feature, latlng) => L.circleMarker(latlng, { radius, weight: 4, color, fillOpacity: 0, ...QUIET });
    L.geoJSON(geometry, { ...QUIET, style: { color, weight, opacity: 0.9 }, pointToLayer: point }).addTo(chosen);
  }

  function drag(geometry) {
    const places = placesOf(geometry).map(([lon, lat]) => [lat, lon]);
    dragged = geometry.type === "Point" ? L.marker(places[0], { icon: icon(), snapIgnore: true }) : L.polyline(places, { ...LINE, color: INK, weight: 4, snapIgnore: true });
    dragged.addTo(map);
    dragged.pm.enable({ snappable: true, snapDistance: SNAP_PX, allowSelfIntersection: false, draggable: geometry.type === "Point" });
    dragged.on("pm:edit pm:dragend pm:markerdragend pm:vertexremoved", () => page.moved(shapeOf(dragged)));
  }

  return {
    look,

    use(name, geometry = null) {
      tool = name;
      rest();
      if (name === "new") map.pm.enableDraw(page.kind().line ? "Line" : "Marker", { ...DRAWN, markerStyle: { icon: icon() } });
      if (name === "move" && geometry) drag(geometry);
    },

    // Lights up a shape; a new one is as if it were there.
    light(geometry) {
      chosen.clearLayers();
      if (geometry) put(geometry, LIT, 7, 10);
    },

    // Shows two versions of a shape at once; the other may be in parts.
    compare(mine, theirs) {
      chosen.clearLayers();
      for (const one of theirs) put(one, THEIRS, 9, 12);
      put(mine, LIT, 4, 7);
    },
  };
}

// The box of shapes, as west, south, east, north.
export function boxOf(...geometries) {
  const places = geometries.flatMap(placesOf);
  const side = (axis, of) => of(...places.map((place) => place[axis]));
  return [side(0, Math.min), side(1, Math.min), side(0, Math.max), side(1, Math.max)];
}

// Lines that meet one at one of its ends, where no other does.
export function meeting(feature, features) {
  const ends = ({ geometry: { coordinates } }) => [coordinates[0], coordinates.at(-1)].map((place) => place.map((degrees) => degrees.toFixed(7)).join());
  const others = features.filter(({ id }) => id !== feature.id);
  const alone = ends(feature).flatMap((end) => {
    const there = others.filter((other) => ends(other).includes(end));
    return there.length === 1 ? there : [];
  });
  return [...new Set(alone)];
}
