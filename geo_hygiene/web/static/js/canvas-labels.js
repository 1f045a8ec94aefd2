// Names on a canvas: along streets and rivers, and at places; none lies over another. What stands last in the style is
// the most important and is placed first, as in MapLibre.

import { featuresOf, linesOf, placesOf } from "./canvas-paint.js";

const POINT = 1;
const LINE = 2;
const CELL = 48; // pixels of a cell of the index of what is taken
const LINE_HEIGHT = 1.2;
const TRIES = [0, -0.15, 0.15, -0.3, 0.3]; // along a line, in its distance between two names
const STEEP = 0.7; // sine above which Chinese is written downward
const CHINESE = /^[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef·（）0-9]+$/;

const widths = new Map();

function widthOf(pen, character) {
  const key = `${pen.font} ${character}`;
  if (!widths.has(key)) widths.set(key, pen.measureText(character).width);
  return widths.get(key);
}

// Boxes that are taken, found by the cells that they touch.
function createIndex({ width, height }) {
  const cells = new Map();

  function* touched([left, top, right, bottom]) {
    for (let x = Math.floor(left / CELL); x <= right / CELL; x += 1) {
      for (let y = Math.floor(top / CELL); y <= bottom / CELL; y += 1) yield `${x} ${y}`;
    }
  }

  const meets = (one, other) => one[0] < other[2] && other[0] < one[2] && one[1] < other[3] && other[1] < one[3];

  return {
    isFree(box) {
      if (box[0] < 0 || box[1] < 0 || box[2] > width || box[3] > height) return false;
      for (const cell of touched(box)) if (cells.get(cell)?.some((taken) => meets(box, taken))) return false;
      return true;
    },
    take(box) {
      for (const cell of touched(box)) {
        if (!cells.has(cell)) cells.set(cell, []);
        cells.get(cell).push(box);
      }
    },
  };
}

// --- along a line ----------------------------------------------------------------------------------------------------

function measured(line) {
  const along = [0];
  for (let index = 1; index < line.length; index += 1) {
    along.push(along[index - 1] + Math.hypot(line[index].x - line[index - 1].x, line[index].y - line[index - 1].y));
  }
  return { line, along, length: along.at(-1) };
}

function pointAt({ line, along }, distance) {
  let index = along.findIndex((end) => end >= distance);
  if (index < 1) index = 1;
  const [from, to] = [line[index - 1], line[index]];
  const share = (distance - along[index - 1]) / (along[index] - along[index - 1] || 1);
  const angle = Math.atan2(to.y - from.y, to.x - from.x);
  return { x: from.x + share * (to.x - from.x), y: from.y + share * (to.y - from.y), angle };
}

function turned(angle) {
  return Math.abs(Math.atan2(Math.sin(angle), Math.cos(angle)));
}

// The characters of a name with its middle at a distance along a line; null where the line bends too much for it.
function alongLine(way, middle, name, size) {
  const start = middle - name.width / 2;
  if (start < 0 || start + name.width > way.length) return null;
  const [first, last] = [pointAt(way, start), pointAt(way, start + name.width)];
  const across = Math.hypot(last.x - first.x, last.y - first.y) || 1;
  const down = (last.y - first.y) / across;
  const isDownward = name.chinese && Math.abs(down) > STEEP;
  const isReversed = isDownward ? down < 0 : last.x < first.x;
  const characters = [];
  let offset = 0;
  for (const { character, width } of name.characters) {
    const along = isReversed ? start + name.width - offset - width / 2 : start + offset + width / 2;
    const { x, y, angle } = pointAt(way, along);
    const reading = isReversed ? angle + Math.PI : angle;
    characters.push({ character, x, y, angle: isDownward ? reading - Math.PI / 2 : reading });
    offset += width;
  }
  const limit = (name.bend * Math.PI) / 180;
  const bends = characters.some((one, index) => index && turned(one.angle - characters[index - 1].angle) > limit);
  if (bends) return null;
  const half = size * 0.55 + name.padding / 2;
  return { characters, boxes: characters.map(({ x, y }) => [x - half, y - half, x + half, y + half]) };
}

// --- at a place ------------------------------------------------------------------------------------------------------

function broken(name, most) {
  if (name.width <= most) return [name.characters];
  const target = name.width / Math.ceil(name.width / most);
  const rows = [[]];
  let width = 0;
  for (const one of name.characters) {
    const mayBreak = name.chinese || one.character === " ";
    if (mayBreak && width >= target - one.width / 2 && rows.at(-1).length) {
      rows.push([]);
      width = 0;
      if (one.character === " ") continue;
    }
    rows.at(-1).push(one);
    width += one.width;
  }
  return rows;
}

const SIDES = { center: [0, 0], top: [0, 1], bottom: [0, -1], left: [1, 0], right: [-1, 0] };

function atPlace({ x, y }, name, size, anchor, [dx, dy]) {
  const rows = broken(name, name.most * size);
  const rowWidths = rows.map((row) => row.reduce((sum, one) => sum + one.width, 0));
  const [width, height] = [Math.max(...rowWidths), rows.length * size * LINE_HEIGHT];
  const [toRight, toBottom] = SIDES[anchor];
  const [middle, centre] = [x + dx * size + (toRight * width) / 2, y + dy * size + (toBottom * height) / 2];
  const characters = rows.flatMap((row, index) => {
    let left = middle - rowWidths[index] / 2;
    return row.map(({ character, width: own }) => {
      left += own;
      return { character, x: left - own / 2, y: centre - height / 2 + (index + 0.5) * size * LINE_HEIGHT, angle: 0 };
    });
  });
  const pad = name.padding;
  return { characters, boxes: [[middle - width / 2 - pad, centre - height / 2 - pad, middle + width / 2 + pad, centre + height / 2 + pad]] };
}

// --- all of a layer --------------------------------------------------------------------------------------------------

function nameOf(pen, layer, feature, zoom, size) {
  const text = (layer.of("text-field", zoom, feature)?.toString() ?? "").replaceAll(/[\u202a-\u202e\u2066-\u2069]/g, "");
  const spacing = layer.of("text-letter-spacing", zoom, feature, 0) * size;
  const characters = [...text].map((character) => ({ character, width: widthOf(pen, character) + spacing }));
  return {
    text,
    characters,
    width: characters.reduce((sum, one) => sum + one.width, 0),
    chinese: CHINESE.test(text),
    padding: layer.of("text-padding", zoom, feature, 2),
    bend: layer.of("text-max-angle", zoom, feature, 45),
    most: layer.of("text-max-width", zoom, feature, 10),
  };
}

function* alongLines(layer, feature, tile, view, name, size, far) {
  const every = layer.of("symbol-spacing", view.zoom, feature, 250);
  for (const way of linesOf(feature, tile, view).map(measured)) {
    const count = Math.max(1, Math.floor(way.length / every));
    const step = way.length / count;
    for (let number = 0; number < count; number += 1) {
      yield TRIES.map((shift) => (number + 0.5 + shift) * step)
        .filter((middle) => far(pointAt(way, middle), every))
        .map((middle) => alongLine(way, middle, name, size));
    }
  }
}

function* atPlaces(layer, feature, tile, view, name, size) {
  const radius = layer.of("text-radial-offset", view.zoom, feature, 0);
  const offset = layer.of("text-offset", view.zoom, feature, [0, 0]);
  const anchors = layer.layout["text-variable-anchor"];
  for (const place of placesOf(feature, tile, view)) {
    const beside = (anchor) => SIDES[anchor].map((side) => side * radius);
    yield anchors
      ? anchors.map((anchor) => atPlace(place, name, size, anchor, beside(anchor)))
      : [atPlace(place, name, size, layer.layout["text-anchor"] ?? "center", offset)];
  }
}

function write(pen, layer, feature, { characters }, { zoom, ratio }) {
  const each = (draw) => {
    for (const { character, x, y, angle } of characters) {
      pen.setTransform(ratio * Math.cos(angle), ratio * Math.sin(angle), -ratio * Math.sin(angle), ratio * Math.cos(angle), x * ratio, y * ratio);
      draw(character);
    }
  };
  pen.strokeStyle = layer.of("text-halo-color", zoom, feature, "rgba(0,0,0,0)");
  pen.lineWidth = 2 * layer.of("text-halo-width", zoom, feature, 0);
  pen.fillStyle = layer.of("text-color", zoom, feature, "#000");
  if (pen.lineWidth) each((character) => pen.strokeText(character, 0, 0));
  each((character) => pen.fillText(character, 0, 0));
}

// Writes the names of the layers, which are given in drawing order, and tells which are written where.
export function writeNames(pen, layers, tilesOf, view) {
  const index = createIndex({ width: view.width, height: view.height });
  const written = [];
  Object.assign(pen, { textAlign: "center", textBaseline: "middle", lineJoin: "round", globalAlpha: 1 });
  pen.setLineDash([]);

  function place(layer, feature, tile) {
    const size = layer.of("text-size", view.zoom, feature, 16);
    const families = layer.of("text-font", view.zoom, feature, []).map((family) => `"${family}"`);
    pen.font = `${size}px ${families.join(", ")}, sans-serif`;
    const name = nameOf(pen, layer, feature, view.zoom, size);
    if (!name.text) return;
    // a street that several tiles hold is not written twice at their border
    const far = ({ x, y }, every) => !written.some((one) => one.text === name.text && Math.hypot(one.x - x, one.y - y) < every * 0.9);
    const isAlong = layer.layout["symbol-placement"] === "line";
    if (isAlong !== (feature.type === LINE) || (!isAlong && feature.type !== POINT)) return;
    const choices = isAlong ? alongLines(layer, feature, tile, view, name, size, far) : atPlaces(layer, feature, tile, view, name, size);
    for (const tries of choices) {
      const good = tries.find((one) => one?.boxes.every((box) => index.isFree(box)));
      if (!good) continue;
      good.boxes.forEach((box) => index.take(box));
      write(pen, layer, feature, good, view);
      const { x, y } = good.characters[good.characters.length >> 1];
      written.push({ text: name.text, layer: layer.id, x, y, boxes: good.boxes });
    }
  }

  for (const layer of [...layers].reverse()) {
    for (const tile of tilesOf(layer.source)) {
      for (const feature of featuresOf(layer, tile, view.zoom)) place(layer, feature, tile);
    }
  }
  pen.setTransform(1, 0, 0, 1, 0, 0);
  return written;
}
