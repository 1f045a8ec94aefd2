// Lists of stretches: a segment and metres along it. An open end is that of the segment.

const LEAST_M = 0.002; // two roundings

function spansOf(list) {
  const spans = new Map();
  for (const { segment, from_m: from = 0, to_m: to = Infinity } of list) {
    if (!spans.has(segment)) spans.set(segment, []);
    spans.get(segment).push([from ?? 0, to ?? Infinity]);
  }
  for (const [segment, found] of spans) spans.set(segment, union(found));
  return spans;
}

function union(spans) {
  const merged = [];
  for (const [from, to] of [...spans].sort(([one], [other]) => one - other)) {
    const last = merged.at(-1);
    if (last && from <= last[1] + LEAST_M) last[1] = Math.max(last[1], to);
    else merged.push([from, to]);
  }
  return merged;
}

function subtract(ground, taken) {
  const left = [];
  for (const [from, to] of ground) {
    let position = from;
    for (const [begin, end] of taken) {
      if (end <= position || begin >= to) continue;
      if (begin > position + LEAST_M) left.push([position, begin]);
      position = Math.max(position, end);
    }
    if (to > position + LEAST_M) left.push([position, to]);
  }
  return left;
}

function listOf(spans) {
  const list = [];
  for (const [segment, found] of spans) {
    for (const [from, to] of found) list.push(to === Infinity ? { segment, from_m: from } : { segment, from_m: from, to_m: to });
  }
  return list;
}

// As the server wants it: what is shown of a stretch stays here.
export function bare(list) {
  return list.map(({ segment, from_m, to_m }) => ({ segment, from_m: from_m ?? null, to_m: to_m ?? null }));
}

export function joined(list, more) {
  return listOf(spansOf([...list, ...more]));
}

export function without(list, less) {
  const [left, taken] = [spansOf(list), spansOf(less)];
  for (const [segment, spans] of taken) {
    const rest = subtract(left.get(segment) ?? [], spans);
    if (rest.length) left.set(segment, rest);
    else left.delete(segment);
  }
  return listOf(left);
}

export function holds(list, segment) {
  return list.some((stretch) => stretch.segment === segment);
}

// One text for the same ground, whatever its order.
export function sealed(list) {
  const ground = listOf(spansOf(list)).map(({ segment, from_m: from, to_m: to }) => `${segment} ${from.toFixed(3)} ${to?.toFixed(3) ?? ""}`);
  return ground.sort().join("\n");
}

export function keyOf({ segment, from_m: from, to_m: to }) {
  return `${segment} ${from ?? 0} ${to ?? ""}`;
}
