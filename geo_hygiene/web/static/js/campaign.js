// The page of a campaign: its map, what is left to do, and what was reached. It is made of the same parts as the map of
// duties; see map.js.

import { aDay, anything, keepAddress, oneOf, printAddress, query, readAddress, someOf } from "./address.js";
import { ask, Unanswered } from "./api.js";
import { createBaseMap } from "./base-map.js";
import { createCamera } from "./camera.js";
import { createCampaignPanel } from "./campaign-panel.js";
import { byId, isCalm, readJson } from "./dom.js";
import { createTiles, drawing } from "./drawing.js";
import { number, say } from "./format.js";
import { createGaps } from "./gaps.js";
import { createLayers } from "./layers.js";
import { tell } from "./notice.js";
import { createPlayer } from "./player.js";
import { createReached } from "./reached.js";
import { createSearch } from "./search.js";
import { parse, write } from "./selection.js";
import { createSheet } from "./sheet.js";
import { createStore } from "./store.js";
import { createWayBack } from "./way-back.js";
import { columns } from "./when.js";

const STATES = ["treated", "not-treated", "not-visited", "old"];
const REACH_PX = 6;
const FINGER_REACH_PX = 14;
const NEAR_ZOOM = 15;
const WEEK = 7;
const FOUND = ["lane", "drain", "target", "group", "community"];

const config = readJson("config");
const { code } = config.campaign;
const api = `${config.api}/campaigns/${encodeURIComponent(code)}`;
const page = `/campaigns/${encodeURIComponent(code)}`;
const words = {
  on: aDay(config.on),
  kind: oneOf(config.kinds.map((kind) => kind.key), config.kinds.at(-1)?.key ?? ""),
  by: oneOf(["community", "group"], "community"),
  layers: someOf(config.layers.map((layer) => layer.key), config.usual),
  states: someOf(STATES, STATES),
  // what of the list is shown: a state or a reason, and a community
  left: oneOf([...STATES.slice(1), ...config.reasons], ""),
  within: oneOf(Object.keys(config.communities), ""),
  select: anything(),
  drawing,
};
const map = window.map;
const store = createStore({ color: "state", ...readAddress(words) });
const tilesOf = ({ on }) => ({ campaign: { campaign: code, on } });
const tiles = createTiles(map, tilesOf, (reason) => tell(say("failed", { reason })));
const camera = createCamera(map, store, config.extent);

// --- what is chosen --------------------------------------------------------------------------------------------------

let lit = null;
let goal = {};
const wayBack = createWayBack();

function paint() {
  tiles.apply(store.get(), lit);
}

function light(next, place) {
  lit = next;
  paint();
  if (!next || !place) return;
  if (goal.fly) camera.look(place.bbox ?? [...place.center, ...place.center]);
  if (goal.focus) byId("panel").focus({ preventScroll: true });
  goal = {};
}

function choose(choice, { stay = false } = {}) {
  wayBack.keep();
  goal = { fly: !stay, focus: true };
  sheet.fold(false);
  // the map shows one kind of target: that of what is chosen
  const kind = config.kinds.some((one) => one.key === choice.kind) ? choice.kind : store.get().kind;
  const select = write(choice, kind);
  if (select === store.get().select) panel.show(store.get());
  else store.set({ select, kind }, { push: true });
}

function unchoose() {
  store.set({ select: null }, { push: true });
  wayBack.go();
}

function clicked(event) {
  const reach = matchMedia("(pointer: coarse)").matches ? FINGER_REACH_PX : REACH_PX;
  const found = tiles.at(event.latlng, reach).filter(({ answers }) => answers === "campaign");
  if (!found.length) return;
  const whole = found.find((feature) => feature.properties.segment);
  // far out, pieces are merged and have no names of their own: go nearer first
  if (!whole) map.setView(event.latlng, Math.max(map.getZoom() + 2, NEAR_ZOOM), { animate: !isCalm() });
  else choose({ type: "target", kind: whole.properties.kind, code: whole.properties.segment }, { stay: true });
}

// --- days ----------------------------------------------------------------------------------------------------------

let days = [];

function showDays({ on }) {
  let sum = 0;
  const frames = days.map((one) => {
    sum += one.treatments;
    const count = say("treatments_count", { count: number(one.treatments), sum: number(sum) });
    return { key: one.day, text: say("frame", { when: one.day, count }) };
  });
  player.show(frames, on, on);
}

async function loadDays() {
  try {
    const answer = await ask("days", `${api}/days`, { on: config.last });
    days = answer.days;
    const counts = days.map((one) => one.treatments);
    byId("when").replaceChildren(columns(say("treatments_title"), counts, days.map((one) => one.day.slice(5)), WEEK));
  } catch (error) {
    if (!(error instanceof Unanswered)) throw error;
    tell(say("failed", { reason: error.message }));
  }
  showDays(store.get());
}

// --- the parts -----------------------------------------------------------------------------------------------------

function keepLinks(state) {
  const asked = new URLSearchParams({ on: state.on, kind: state.kind });
  for (const link of document.querySelectorAll(".nav [data-page=table], .table-link")) link.href = `${page}/table?${asked}`;
  byId("print").href = printAddress(`${page}/print`, { ...state, select: null }, words, map, camera);
  for (const link of document.querySelectorAll("[data-language]")) {
    const address = new URL(link.href);
    address.searchParams.set("next", `${page}${query(state, words)}${state.view ? `#map=${state.view}` : ""}`);
    link.href = `${address.pathname}${address.search}`;
  }
}

const unitOf = (key) => config.kinds.find((kind) => kind.key === key)?.unit ?? "count";

function listed({ on, kind, left, within }) {
  return { on, kind, [config.reasons.includes(left) ? "reason" : "state"]: left, community: within };
}

const gapsOf = (state) => ({ path: `${api}/gaps`, words: listed(state), unit: unitOf(state.kind) });

function showChoices(state) {
  for (const name of ["left", "within"]) byId(name).value = state[name];
  const given = Object.entries(listed(state)).filter(([, value]) => value);
  byId("download").href = `${page}/list.csv?${new URLSearchParams(given)}`;
}

for (const name of ["left", "within"]) {
  byId(name).addEventListener("change", ({ target }) => store.set({ [name]: target.value }, { push: true }));
}

function told(gap) {
  const state = gap.reason ? config.results[gap.reason] : say(gap.state);
  return gap.state === "old" ? say("seen_before", { state, days: number(gap.days) }) : state;
}

const panel = createCampaignPanel(store, config, api, { page, light, place: (choice) => choose(choice), close: unchoose, told });
const player = createPlayer((on, how) => store.set({ on }, how.playing ? how : { push: true }), { shown: tiles.shown, stopped: () => gaps.load() });
const sheet = createSheet(map);
createSearch(store, config, choose, { types: FOUND });
createReached(store, config, api, { tell, unitOf, choose });
createLayers(store);
const gaps = createGaps(store, { question: gapsOf, watched: ["on", "kind", "left", "within"], listed: STATES.slice(1), told }, choose);
loadDays();

byId("map").setAttribute("role", "region");
byId("map").setAttribute("aria-label", document.title);
map.on("click", clicked);
const point = (event) => (byId("map").style.cursor = tiles.at(event.latlng, REACH_PX).length ? "pointer" : "");
map.on("mousemove", L.Util.throttle(point, 80, map));
createBaseMap(map, store, config);
keepAddress(store, words, map);
store.watch(["on", "kind", "layers", "states"], paint);
store.watch(["on"], showDays);
store.watch(["on", "kind", "left", "within"], showChoices);
store.watch(null, keepLinks);
showChoices(store.get());
keepLinks(store.get());
paint();
if (parse(store.get().select, store.get().kind)) {
  goal = { fly: !store.get().view };
  panel.show(store.get());
}
if (config.notice) tell(config.notice);
document.documentElement.dataset.ready = "true";
