// How a layer of the style looks in a state of the page. The style is made on the server; what a layer of it is for
// stands in its metadata: layer, orColor, state, color, answers, selects, quiet, ground, and where (its filter, to which
// the kind of target that is shown is added).

export const BASE_MAP = "base-map";

function isVisible({ layer, state: name, color, orColor, selects, ground }, state, lit) {
  return (
    (layer === undefined || state.layers.has(layer) || (orColor !== undefined && orColor === state.color)) &&
    (name === undefined || state.states.has(name)) &&
    (color === undefined || color === state.color) &&
    (selects === undefined || lit?.by === selects) &&
    !(ground && state.layers.has(BASE_MAP))
  );
}

// A property of several values holds them between the sign that metadata.joined names.
function litFilter({ key, joined, shape }, lit) {
  const among = joined && ["concat", joined, ["get", key], joined];
  const chosen = joined
    ? ["any", ...lit.values.map((value) => ["in", `${joined}${value}${joined}`, among])]
    : ["in", ["get", key], ["literal", lit.values]];
  return shape ? ["all", ["==", ["geometry-type"], shape], chosen] : chosen;
}

function filterOf({ metadata, filter }, state, lit) {
  if (metadata.selects !== undefined && lit?.by === metadata.selects) return litFilter(metadata, lit);
  if (metadata.where !== undefined) return ["all", metadata.where, ["==", ["get", "kind"], state.kind]];
  return filter;
}

// `paint` holds only what the state decides: where nothing is covered at all, gaps are drawn as the streets they are.
export function lookOf(layer, state, lit) {
  const { metadata } = layer;
  if (!metadata) return { visible: true, filter: layer.filter, paint: {} };
  const loud = Object.fromEntries(Object.keys(metadata.quiet ?? {}).map((name) => [name, layer.paint[name]]));
  return {
    visible: isVisible(metadata, state, lit),
    filter: filterOf(layer, state, lit),
    paint: state.bare ? { ...metadata.quiet } : loud,
  };
}

// Tiles that depend on the state of the page get what they depend on in their address.
export function addressOf(template, words) {
  return words ? `${template}${template.includes("?") ? "&" : "?"}${new URLSearchParams(words)}` : template;
}
