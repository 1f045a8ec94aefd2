// Whole lanes, and stretches of a lane from one junction to another: what one chooses without a map.

import { ask, Unanswered } from "./api.js";
import { element, fill } from "./dom.js";
import { metres, say } from "./format.js";

const NEAR_M = 0.01;

// Places along a lane at which one may begin or end, each with what meets it there.
function stopsOf(pieces) {
  const stops = [];
  const put = (at, name) => {
    const known = stops.find((stop) => Math.abs(stop.at - at) < NEAR_M);
    if (!known) stops.push({ at, name });
    else known.name ??= name;
  };
  for (const { along_from_m: from, along_to_m: to, start, end, from_m: begin, to_m: close, segment } of pieces) {
    const isFirst = !pieces.some((one) => one.segment === segment && one.along_from_m < from);
    const isLast = !pieces.some((one) => one.segment === segment && one.along_to_m > to);
    if (isFirst && begin !== close) put(from, start);
    if (isLast && begin !== close) put(to, end);
  }
  return stops.sort((one, other) => one.at - other.at);
}

// The stretches between two places along a lane.
export function between(pieces, from, to) {
  const [first, last] = from < to ? [from, to] : [to, from];
  const inside = pieces.filter(({ along_from_m: begin, along_to_m: end }) => first - NEAR_M <= begin && end <= last + NEAR_M);
  return inside.map(({ segment, from_m, to_m }) => ({ segment, from_m, to_m }));
}

// A form in which a lane is found and taken, whole or in part; `take(list)` adds, `leave(list)` takes out,
// `give(list)` asks to whom it goes.
export function createLanes(config, asked, { take, leave, give, fail }) {
  const query = element("input", { type: "search", id: "lane", list: "lanes", maxlength: 60, autocomplete: "off", "data-focus": "lane" });
  const known = element("datalist", { id: "lanes" });
  const from = element("select", { id: "lane-from", "data-focus": "lane-from" });
  const to = element("select", { id: "lane-to", "data-focus": "lane-to" });
  const told = element("p", { class: "fine", role: "status" });
  const row = (label, input) => element("p", { class: "field" }, element("label", { for: input.id }, label), input);
  const act = (word, does) => element("button", { type: "button", class: "button quiet", "data-act": word, onclick: () => does(chosen()) }, say(word));
  const ends = element(
    "div",
    { hidden: true },
    row(say("lane_from"), from),
    row(say("lane_to"), to),
    element("p", { class: "acts" }, act("add", (list) => list.length && take(list)), act("take_out", (list) => list.length && leave(list)), act("give_to", (list) => list.length && give(list))),
  );
  let lanes = [];
  let pieces = [];

  const chosen = () => between(pieces, Number(from.value), Number(to.value));

  async function find() {
    const words = query.value.trim();
    if (!words) return;
    try {
      const answer = await ask("lanes", `${config.api}/search`, { q: words, on: asked().on, limit: 50 });
      if (!answer) return;
      lanes = answer.results.filter(({ type }) => type === "lane" || type === "drain");
      fill(known, ...lanes.map(({ code, name }) => element("option", { value: code || name }, name || code)));
      const lane = lanes.find(({ code, name }) => code === words || name === words) ?? (lanes.length === 1 ? lanes[0] : null);
      if (lane) await open(lane);
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error;
      fail(error);
    }
  }

  async function open({ code, id, name }) {
    const { duty, on } = asked();
    const answer = await ask("along", `${config.api}/cover/along`, { duty, on, lane: code || id });
    if (!answer) return;
    pieces = answer.pieces;
    const stops = stopsOf(pieces);
    const options = () => stops.map(({ at, name: met }) => element("option", { value: at }, met ? say("stop_at", { name: met, at: metres(at) }) : metres(at)));
    fill(from, ...options());
    fill(to, ...options());
    if (stops.length) to.value = String(stops.at(-1).at);
    told.textContent = name || code;
    ends.hidden = stops.length < 2;
  }

  query.addEventListener("change", find);
  return element("details", { class: "lanes", "data-part": "lanes" }, element("summary", {}, say("lanes")), row(say("lane"), query), known, told, ends);
}
