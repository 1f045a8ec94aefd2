// Pictures under the map. Tiles of a shifted map (GCJ-02) are put where they belong, each by its own corners; what lies
// over them stays where it is.

import { gcj02FromWgs84, wgs84FromGcj02 } from "./china-offset.js";
import { BASE_MAP } from "./layer-look.js";

const PANE = "base-map";
const BELOW_ALL = 100;

const Shifted = L.TileLayer.extend({
  initialize(url, options) {
    L.TileLayer.prototype.initialize.call(this, url, options);
    this.on("tileloadstart", ({ tile, coords }) => {
      const { x, y } = this._getTilePos(coords);
      // up to where its neighbours on the right and below begin
      tile.style.width = `${this._getTilePos(coords.add([1, 0])).x - x}px`;
      tile.style.height = `${this._getTilePos(coords.add([0, 1])).y - y}px`;
    });
  },

  _place(coords) {
    const { lng, lat } = this._map.unproject(coords.scaleBy(this.getTileSize()), this._tileZoom);
    const [lon, trueLat] = wgs84FromGcj02([lng, lat]);
    return this._map.project([trueLat, lon], this._tileZoom).subtract(this._level.origin).round();
  },

  // where the middles of the left and of the upper edge of a tile belong, in whole pixels: neighbours meet
  _getTilePos(coords) {
    return L.point(this._place(L.point(coords).add([0, 0.5])).x, this._place(L.point(coords).add([0.5, 0])).y);
  },

  // the tiles that are needed are those of the view's place as the shifted map has it
  _getTiledPixelBounds(center) {
    const { lng, lat } = L.latLng(center);
    const [lon, shiftedLat] = gcj02FromWgs84([lng, lat]);
    return L.TileLayer.prototype._getTiledPixelBounds.call(this, L.latLng(shiftedLat, lon));
  },
});

const LAYERS = { wgs84: L.TileLayer, gcj02: Shifted };

// `sharper` asks for tiles that many zooms deeper than the screen needs, for print.
export function createBaseMap(map, store, { base_map: told }, { sharper = 0 } = {}) {
  if (!told) return;
  map.createPane(PANE).style.zIndex = BELOW_ALL;
  const layer = new LAYERS[told.datum](told.url, {
    pane: PANE,
    tileSize: 256 >> sharper,
    zoomOffset: sharper,
    minNativeZoom: Math.max(0, told.min_zoom - sharper),
    maxNativeZoom: told.max_zoom - sharper,
    maxZoom: map.getMaxZoom(),
  });
  const credit = L.control.attribution({ prefix: false, position: "bottomright" });
  // text, not markup, as everything that a setting or a file says
  const text = document.createElement("span");
  text.textContent = told.attribution;
  credit.addAttribution(text.innerHTML);

  function show({ layers }) {
    const wanted = layers.has(BASE_MAP);
    if (wanted === map.hasLayer(layer)) return;
    if (wanted) layer.addTo(map);
    else layer.remove();
    if (!told.attribution) return;
    if (wanted) credit.addTo(map);
    else credit.remove();
  }

  store.watch(["layers"], show);
  show(store.get());
}
