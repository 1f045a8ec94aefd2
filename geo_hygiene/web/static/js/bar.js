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
