// Vector tiles for the canvas: fetched in the same order and under the same addresses as MapLibre's, taken apart once,
// and kept as long as there is room.

import { VectorTile } from "@mapbox/vector-tile";
import Pbf from "pbf";

const MOST_KEPT = 160;
const TILE_PX = 512;
const ANCESTORS = 6; // levels above a missing tile that are looked through for one to stand in

function featuresOf(layer) {
  return Array.from({ length: layer.length }, (_, index) => {
    const { type, properties, extent, loadGeometry } = layer.feature(index);
    return { type, properties, extent, lines: loadGeometry.call(layer.feature(index)) };
  });
}

function takenApart(data) {
  const { layers } = new VectorTile(new Pbf(new Uint8Array(data)));
  return Object.fromEntries(Object.entries(layers).map(([name, layer]) => [name, featuresOf(layer)]));
}

// `came()` is called when a tile came, `fail(reason)` when one did not.
export function createSource({ minzoom, maxzoom }, came, fail) {
  const kept = new Map();
  const fetching = new Map();
  let address = null;

  const keyOf = (z, x, y) => `${address} ${z}/${x}/${y}`;

  function keep(key, tile) {
    kept.set(key, tile);
    if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value);
  }

  function found(key) {
    const tile = kept.get(key);
    if (tile !== undefined) {
      kept.delete(key);
      kept.set(key, tile);
    }
    return tile;
  }

  async function load(key, z, x, y) {
    const stop = new AbortController();
    fetching.set(key, stop);
    const place = address.replace("{z}", z).replace("{x}", x).replace("{y}", y);
    try {
      const { data } = await window.keptTile(new URL(place, document.baseURI).href, stop.signal);
      keep(key, takenApart(data));
    } catch (error) {
      if (error.name !== "AbortError") {
        keep(key, {});
        fail(error.message);
      }
    }
    fetching.delete(key);
    came();
  }

  // The tile, or the part of one above it that is there already.
  function standIn(z, x, y) {
    for (let up = 1; up <= ANCESTORS && z - up >= minzoom; up += 1) {
      const tile = kept.get(keyOf(z - up, x >> up, y >> up));
      if (tile) return { tile, z: z - up, x: x >> up, y: y >> up };
    }
    return null;
  }

  return {
    point(next) {
      address = next;
    },

    // Tiles that lie in a box of pixels at a zoom: {tile, its z, x, y, and the z, x, y of the square that it fills}.
    within(box, zoom) {
      const z = Math.min(Math.floor(zoom), maxzoom);
      if (z < minzoom || !address) return [];
      const side = TILE_PX * 2 ** (zoom - z);
      const last = 2 ** z - 1;
      const among = (value) => Math.max(0, Math.min(last, Math.floor(value / side)));
      const wanted = new Set();
      const tiles = [];
      for (let x = among(box.min.x); x <= among(box.max.x); x += 1) {
        for (let y = among(box.min.y); y <= among(box.max.y); y += 1) {
          const key = keyOf(z, x, y);
          wanted.add(key);
          const tile = found(key);
          if (!tile && !fetching.has(key)) load(key, z, x, y);
          const drawn = tile ? { tile, z, x, y } : standIn(z, x, y);
          if (drawn) tiles.push({ ...drawn, square: { z, x, y } });
        }
      }
      for (const [key, stop] of fetching) if (!wanted.has(key)) stop.abort();
      return tiles;
    },

    isLoading: () => fetching.size > 0,
  };
}
