// The style of the map, computed for a canvas: the values of a layer's paint and layout for a feature at a zoom. The
// expressions are evaluated by the code that MapLibre itself has for them.

import { featureFilter, latest, normalizePropertyExpression } from "@maplibre/maplibre-gl-style-spec";

const PARTS = ["paint", "layout"];

function computed(part, layer, name, value) {
  const specification = latest[`${part}_${layer.type}`][name];
  const property = normalizePropertyExpression(value, specification);
  const isColor = specification.type === "color";
  return (zoom, feature) => {
    const found = property.evaluate({ zoom }, feature);
    return isColor ? found.toString() : found;
  };
}

function isKnown(part, layer, name) {
  return latest[`${part}_${layer.type}`]?.[name] !== undefined;
}

// A layer as it is drawn: `of(name, zoom, feature)` is a value, `fits` its filter.
export function compiled(layer, { filter, paint }) {
  const values = {};
  for (const part of PARTS) {
    const declared = part === "paint" ? { ...layer.paint, ...paint } : layer.layout;
    for (const [name, value] of Object.entries(declared ?? {})) {
      if (isKnown(part, layer, name)) values[name] = computed(part, layer, name, value);
    }
  }
  const { filter: fits } = featureFilter(filter);
  return {
    ...layer,
    fits: (zoom, feature) => fits({ zoom }, feature),
    follows: JSON.stringify(filter ?? null),
    changes: JSON.stringify(filter ?? null).includes('["zoom"]'),
    of: (name, zoom, feature, otherwise) => values[name]?.(zoom, feature) ?? otherwise,
  };
}

export function isShownAt({ minzoom = 0, maxzoom = 25 }, zoom) {
  return minzoom <= zoom && zoom < maxzoom;
}
