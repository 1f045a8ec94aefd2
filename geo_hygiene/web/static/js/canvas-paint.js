// Layers of the style painted on a canvas: faces, lines and dots, each layer over all tiles before the next one, so that
// crossings look as they do in WebGL.
//
// A view says what is painted: its zoom (MapLibre's), the pixel of the world at its upper left corner, its size, and the
// pixels of the canvas for one of the page (`ratio`).

import { BOX, picture } from "./signs.js";

const TILE_PX = 512;
const POINT = 1;
const POLYGON = 3;

// Where a tile lies on the canvas, in its pixels, and the square of it that is painted.
function placed({ z, x, y, square }, extent, { zoom, origin, ratio }) {
  const side = TILE_PX * 2 ** (zoom - z) * ratio;
  const edge = TILE_PX * 2 ** (zoom - square.z) * ratio;
  const [left, top] = [x * side - origin.x * ratio, y * side - origin.y * ratio];
  const at = (index, start) => Math.round(index * edge - start * ratio);
  return {
    scale: side / extent,
    left,
    top,
    // whole pixels: neighbours meet without a seam
    box: [at(square.x, origin.x), at(square.y, origin.y), at(square.x + 1, origin.x), at(square.y + 1, origin.y)],
  };
}

function pathOf(feature) {
  if (feature.path) return feature.path;
  const path = new Path2D();
  for (const line of feature.lines) {
    line.forEach(({ x, y }, index) => (index ? path.lineTo(x, y) : path.moveTo(x, y)));
    if (feature.type === POLYGON) path.closePath();
  }
  return (feature.path = path);
}

// The features of a tile that a layer shows. Which ones they are is kept with the tile while the filter stays.
export function featuresOf(layer, { tile }, zoom) {
  const all = tile[layer["source-layer"]];
  if (!all) return [];
  const kept = (all.fitting ??= new Map());
  const key = `${layer.id} ${layer.changes ? zoom : ""}`;
  const before = kept.get(key);
  if (before?.follows === layer.follows) return before.features;
  const features = all.filter((feature) => layer.fits(zoom, feature));
  if (layer.changes) kept.clear();
  kept.set(key, { follows: layer.follows, features });
  return features;
}

// Points as they lie on the canvas, each in the one square that holds it.
export function pointsOf(feature, placedTile) {
  const { scale, left, top, box } = placedTile;
  return feature.lines
    .flat()
    .map(({ x, y }) => ({ x: left + x * scale, y: top + y * scale }))
    .filter(({ x, y }) => x >= box[0] && x < box[2] && y >= box[1] && y < box[3]);
}

function paintFill(pen, layer, feature, zoom) {
  pen.globalAlpha = layer.of("fill-opacity", zoom, feature, 1);
  pen.fillStyle = layer.of("fill-color", zoom, feature, "#000");
  pen.fill(pathOf(feature));
}

function paintLine(pen, layer, feature, zoom, unit) {
  const width = layer.of("line-width", zoom, feature, 1);
  const dashes = layer.of("line-dasharray", zoom, feature, []);
  pen.globalAlpha = layer.of("line-opacity", zoom, feature, 1);
  if (width <= 0 || pen.globalAlpha === 0) return;
  pen.strokeStyle = layer.of("line-color", zoom, feature, "#000");
  pen.lineWidth = width * unit;
  pen.lineCap = layer.of("line-cap", zoom, feature, "butt");
  pen.lineJoin = layer.of("line-join", zoom, feature, "miter");
  pen.setLineDash(dashes.map((dash) => dash * width * unit));
  pen.stroke(pathOf(feature));
}

const IN_TILE = { fill: paintFill, line: paintLine };

function paintShapes(pen, layer, tile, view) {
  const features = featuresOf(layer, tile, view.zoom);
  if (!features.length) return;
  const { scale, left, top, box } = placed(tile, features[0].extent, view);
  pen.save();
  pen.beginPath();
  pen.rect(box[0], box[1], box[2] - box[0], box[3] - box[1]);
  pen.clip();
  pen.setTransform(scale, 0, 0, scale, left, top);
  for (const feature of features) {
    if (feature.type !== POINT) IN_TILE[layer.type](pen, layer, feature, view.zoom, view.ratio / scale);
  }
  pen.restore();
}

function paintDot(pen, layer, feature, { x, y }, { zoom, ratio }) {
  const stroke = layer.of("circle-stroke-width", zoom, feature, 0);
  const radius = layer.of("circle-radius", zoom, feature, 5);
  pen.beginPath();
  pen.arc(x, y, radius * ratio, 0, 2 * Math.PI);
  pen.globalAlpha = layer.of("circle-opacity", zoom, feature, 1);
  pen.fillStyle = layer.of("circle-color", zoom, feature, "#000");
  pen.fill();
  pen.globalAlpha = layer.of("circle-stroke-opacity", zoom, feature, 1);
  if (stroke <= 0 || pen.globalAlpha === 0) return;
  pen.beginPath();
  pen.arc(x, y, (radius + stroke / 2) * ratio, 0, 2 * Math.PI);
  pen.strokeStyle = layer.of("circle-stroke-color", zoom, feature, "#000");
  pen.lineWidth = stroke * ratio;
  pen.stroke();
}

const pictures = new Map();

function paintSign(pen, layer, feature, { x, y }, { zoom, ratio, signs }) {
  const image = layer.of("icon-image", zoom, feature)?.toString();
  if (!signs[image]) return;
  if (!pictures.has(image)) pictures.set(image, picture(signs[image]));
  const side = BOX * layer.of("icon-size", zoom, feature, 1) * ratio;
  pen.globalAlpha = 1;
  pen.drawImage(pictures.get(image), x - side / 2, y - side / 2, side, side);
}

function paintPoints(pen, layer, tile, view, paintOne) {
  pen.setLineDash([]);
  for (const feature of featuresOf(layer, tile, view.zoom)) {
    for (const point of pointsOf(feature, placed(tile, feature.extent, view))) paintOne(pen, layer, feature, point, view);
  }
}

function paintBackground(pen, layer, { zoom }) {
  pen.globalAlpha = 1;
  pen.fillStyle = layer.of("background-color", zoom, {}, "#fff");
  pen.fillRect(0, 0, pen.canvas.width, pen.canvas.height);
}

// `tilesOf(source)` gives the tiles of the view.
export function paintLayer(pen, layer, tilesOf, view) {
  if (layer.type === "background") paintBackground(pen, layer, view);
  else if (layer.type in IN_TILE) for (const tile of tilesOf(layer.source)) paintShapes(pen, layer, tile, view);
  else if (layer.type === "circle") for (const tile of tilesOf(layer.source)) paintPoints(pen, layer, tile, view, paintDot);
  else if (layer.layout["icon-image"]) for (const tile of tilesOf(layer.source)) paintPoints(pen, layer, tile, view, paintSign);
}

// --- what lies under a place -----------------------------------------------------------------------------------------

function distanceTo(point, from, to) {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length = dx * dx + dy * dy;
  const share = length ? Math.max(0, Math.min(1, ((point.x - from.x) * dx + (point.y - from.y) * dy) / length)) : 0;
  return Math.hypot(point.x - from.x - share * dx, point.y - from.y - share * dy);
}

function distanceOf(feature, point) {
  const near = (line) => {
    const steps = line.slice(1).map((to, index) => distanceTo(point, line[index], to));
    return Math.min(...(steps.length ? steps : [distanceTo(point, line[0], line[0])]));
  };
  return Math.min(...feature.lines.map(near));
}

function halfWidth(layer, feature, zoom) {
  if (layer.type === "line") return layer.of("line-width", zoom, feature, 1) / 2;
  if (layer.type === "circle") return layer.of("circle-radius", zoom, feature, 5);
  return (BOX / 2) * layer.of("icon-size", zoom, feature, 1);
}

// Features of a layer within `reach` pixels of a point of the page, the nearest first.
export function featuresAt(layer, tiles, view, { x, y }, reach) {
  const found = [];
  for (const tile of tiles) {
    for (const feature of featuresOf(layer, tile, view.zoom)) {
      const { scale, left, top } = placed(tile, feature.extent, view);
      const unit = view.ratio / scale;
      const point = { x: x * unit - left / scale, y: y * unit - top / scale };
      const distance = distanceOf(feature, point) / unit;
      if (distance <= reach + halfWidth(layer, feature, view.zoom)) found.push({ feature, distance });
    }
  }
  return found.sort((one, other) => one.distance - other.distance).map(({ feature }) => feature);
}

// Lines of a feature on the canvas's page, in pixels of the page.
export function linesOf(feature, tile, view) {
  const { scale, left, top } = placed(tile, feature.extent, view);
  const at = (value, start) => (start + value * scale) / view.ratio;
  return feature.lines.map((line) => line.map(({ x, y }) => ({ x: at(x, left), y: at(y, top) })));
}

export function placesOf(feature, tile, view) {
  const points = pointsOf(feature, placed(tile, feature.extent, view));
  return points.map(({ x, y }) => ({ x: x / view.ratio, y: y / view.ratio }));
}
