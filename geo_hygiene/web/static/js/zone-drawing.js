// Tools that draw on the map: an area, its border, a hole in it, a line that splits it, and a lasso. The shapes are
// Geoman's; what they mean is asked of the server. Streets and neighbours around are there to snap to.

import { ask } from "./api.js";
import { delayed } from "./dom.js";

const SNAP_FROM_ZOOM = 15;
const SNAP_PX = 14;
const WAIT_MS = 250;
const LEAST_LASSO_PX = 4;
const SIMPLE_ZOOM = 20;
const SIMPLE_M = 2;
const EQUATOR_M = 40_075_017;

const INK = "#1F2A2C";
const LIT = "#F3C04B";
const UNSEEN = { stroke: true, opacity: 0, fill: false, interactive: false, pmIgnore: true, snapIgnore: false };
const SHAPE = { color: INK, weight: 2, dashArray: "5 4", fillColor: LIT, fillOpacity: 0.14 };
const DRAWN = {
  templineStyle: { color: INK, weight: 2 },
  hintlineStyle: { color: INK, weight: 1.5, dashArray: "4 4" },
  pathOptions: SHAPE,
  snapDistance: SNAP_PX,
  allowSelfIntersection: false,
  finishOn: "dblclick",
};

const pixelsOfMetre = (latitude) => L.CRS.EPSG3857.scale(SIMPLE_ZOOM) / (EQUATOR_M * Math.cos((latitude * Math.PI) / 180));

const shapeOf = (layer) => layer.toGeoJSON(9).geometry;

// Rings of a GeoJSON polygon or multipolygon as Leaflet has them.
export function ringsOf({ type, coordinates }) {
  return L.GeoJSON.coordsToLatLngs(coordinates, type === "MultiPolygon" ? 2 : 1);
}

// `asked()` are the words by which the server tells what lies around. `does` is called with what was drawn:
// drawn(polygon), moving(polygon, former), moved(polygon, former), reset(), split(line), lassoed(polygon); `former` is
// the area as it was taken up, so that nothing changes where nobody dragged.
export function createDrawing(map, { api, asked, does, locale }) {
  const around = L.layerGroup().addTo(map);
  let tool = null;
  let area = null;
  let former = null;

  map.pm.setLang(locale.startsWith("zh") ? "zh" : "en");
  map.pm.setGlobalOptions({ snappable: true, snapDistance: SNAP_PX, allowSelfIntersection: false });

  const look = delayed(WAIT_MS, async () => {
    if (!tool || tool === "lasso" || map.getZoom() < SNAP_FROM_ZOOM) return around.clearLayers();
    const box = map.getBounds();
    const edges = { west: box.getWest(), south: box.getSouth(), east: box.getEast(), north: box.getNorth() };
    try {
      const found = await ask("around", `${api}/plans/around`, { ...asked(), ...edges });
      if (!found) return;
      around.clearLayers();
      for (const { geometry } of [...found.targets, ...found.zones]) {
        if (geometry.type !== "Point") L.geoJSON(geometry, UNSEEN).addTo(around);
      }
    } catch {
      // without streets to snap to one can draw all the same
    }
  });
  map.on("moveend", look);

  function polygon(picture) {
    return L.polygon(ringsOf(picture), { ...SHAPE, snapIgnore: true });
  }

  // Pictures that a program made have a corner every few metres, which no hand can drag; few are enough.
  function simple(rings) {
    if (Array.isArray(rings[0])) return rings.map(simple).filter((ring) => ring.length > 0);
    const points = [...rings, rings[0]].map((place) => map.project(place, SIMPLE_ZOOM));
    const kept = L.LineUtil.simplify(points, SIMPLE_M * pixelsOfMetre(rings[0].lat));
    return kept.length > 3 ? kept.slice(0, -1).map((point) => map.unproject(point, SIMPLE_ZOOM)) : rings;
  }

  function reshape(picture) {
    area = polygon(picture);
    area.setLatLngs(simple(area.getLatLngs()));
    area.addTo(map);
    former = shapeOf(area);
    area.pm.enable({ allowSelfIntersection: false, snappable: true, snapDistance: SNAP_PX, draggable: true, limitMarkersToCount: 120 });
    const isClean = () => !area.pm.hasSelfIntersection();
    area.on("pm:markerdrag pm:drag pm:change", () => isClean() && does.moving(shapeOf(area), former));
    area.on("pm:edit pm:dragend", () => isClean() && does.moved(shapeOf(area), former));
    area.on("pm:layerreset", () => does.reset());
  }

  // --- a lasso follows the pointer -----------------------------------------------------------------------------------

  const lasso = { line: null, points: [] };

  function begin(event) {
    if (tool !== "lasso" || event.button > 0) return;
    event.preventDefault();
    lasso.points = [map.mouseEventToLatLng(event)];
    lasso.line = L.polyline(lasso.points, { ...SHAPE, fill: true, pmIgnore: true, interactive: false }).addTo(map);
    map.getContainer().setPointerCapture(event.pointerId);
  }

  function follow(event) {
    if (!lasso.line) return;
    const here = map.mouseEventToLatLng(event);
    const last = map.latLngToContainerPoint(lasso.points.at(-1));
    if (last.distanceTo(map.latLngToContainerPoint(here)) < LEAST_LASSO_PX) return;
    lasso.points.push(here);
    lasso.line.addLatLng(here);
  }

  function finish() {
    if (!lasso.line) return;
    lasso.line.remove();
    lasso.line = null;
    if (lasso.points.length < 3) return;
    const ring = [...lasso.points, lasso.points[0]].map(({ lat, lng }) => [lng, lat]);
    does.lassoed({ type: "Polygon", coordinates: [ring] });
  }

  const box = map.getContainer();
  box.addEventListener("pointerdown", begin);
  box.addEventListener("pointermove", follow);
  box.addEventListener("pointerup", finish);
  box.addEventListener("pointercancel", finish);

  // --- what is drawn -------------------------------------------------------------------------------------------------

  map.on("pm:create", ({ shape, layer }) => {
    const drawn = shapeOf(layer);
    layer.remove();
    if (shape === "Line") does.split(drawn);
    else does.drawn(drawn);
  });
  map.on("pm:cut", ({ layer }) => {
    const left = layer.toGeoJSON ? shapeOf(layer) : null;
    layer.remove();
    if (left?.coordinates?.length) does.moved(left, former);
  });

  function stop() {
    map.pm.disableDraw();
    map.getContainer().classList.remove("draws");
    map.dragging.enable();
    area?.pm.disable();
    area?.remove();
    area = null;
    tool = null;
  }

  return {
    stop,

    // `picture` is the area that is reshaped or gets a hole.
    use(name, picture) {
      stop();
      tool = name;
      map.getContainer().classList.toggle("draws", name !== "pick");
      look();
      if (name === "draw") map.pm.enableDraw("Polygon", DRAWN);
      else if (name === "split") map.pm.enableDraw("Line", DRAWN);
      else if (name === "reshape") reshape(picture);
      else if (name === "hole") {
        area = polygon(picture).addTo(map);
        former = shapeOf(area);
        map.pm.enableDraw("Cut", { ...DRAWN, layersToCut: [area] });
      } else if (name === "lasso") map.dragging.disable();
    },
  };
}
