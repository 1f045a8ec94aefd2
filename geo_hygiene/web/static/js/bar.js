// A stretch drawn as a straight bar from its start to its end, one piece for each state.

import { drawing, element } from "./dom.js";
import { fromTo, metres, say } from "./format.js";

const WIDTH = 1000;
const HEIGHT = 20;

export function bar(pieces, length) {
  const x = (m) => (WIDTH * m) / length;
  const label = say("bar", { from: metres(0), to: metres(length) });
  const picture = drawing("svg", {
    class: "bar",
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    preserveAspectRatio: "none",
    role: "img",
    "aria-label": `${label}: ${pieces.map((p) => `${say(p.state)} ${fromTo(p.from_m, p.to_m)}`).join("; ")}`,
  });
  picture.append(drawing("line", { class: "bar-bed", x1: 0, x2: WIDTH, y1: HEIGHT / 2, y2: HEIGHT / 2 }));
  for (const piece of pieces) {
    const line = { x1: x(piece.from_m), x2: x(piece.to_m), y1: HEIGHT / 2, y2: HEIGHT / 2 };
    picture.append(drawing("line", { class: `bar-${piece.state}`, ...line }));
    if (piece.state === "overlap" || piece.state === "vacant") {
      picture.append(drawing("line", { class: `bar-${piece.state}-core`, ...line }));
    }
  }
  const cuts = [...new Set(pieces.flatMap((piece) => [piece.from_m, piece.to_m]))];
  for (const cut of cuts.filter((m) => m > 0 && m < length)) {
    picture.append(drawing("line", { class: "bar-cut", x1: x(cut), x2: x(cut), y1: 0, y2: HEIGHT }));
  }
  const ends = element("p", { class: "bar-ends", "aria-hidden": "true" }, element("span", {}, metres(0)), element("span", {}, metres(length)));
  return element("div", { class: "bar-box" }, picture, ends);
}

// States of one duty along a target of this length, from the claims that reach it: what the tiles show, in words.
export function pieces(claims, length) {
  const cuts = [...new Set([0, length, ...claims.flatMap((claim) => [claim.from_m, claim.to_m])])].sort((a, b) => a - b);
  const found = [];
  for (let index = 0; index + 1 < cuts.length; index += 1) {
    const [from_m, to_m] = [cuts[index], cuts[index + 1]];
    const here = claims.filter((claim) => claim.from_m <= from_m && claim.to_m >= to_m);
    const last = found.at(-1);
    const state = stateOf(here);
    if (last && last.state === state && last.to_m === from_m) last.to_m = to_m;
    else found.push({ state, from_m, to_m });
  }
  return found;
}

function stateOf(claims) {
  if (!claims.length) return "gap";
  const zones = new Map(claims.map((claim) => [claim.zone, claim]));
  const shifts = [...zones.values()].map((claim) => claim.shift ?? "all-day");
  const meet = (one, other) => one === other || one === "all-day" || other === "all-day";
  if (shifts.some((shift, i) => shifts.some((other, j) => i < j && meet(shift, other)))) return "overlap";
  return claims.some((claim) => claim.chain.at(-1)?.code) ? "covered" : "vacant";
}
