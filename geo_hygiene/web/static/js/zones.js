// The page of plans: a draft is drawn over the zones that hold on its day. One store, its address, the work that is not
// stored yet, and the parts that show it.

import { aDay, anything, keepAddress, oneOf, query, readAddress, someOf } from "./address.js";
import { ask, askAbout, Unanswered } from "./api.js";
import { createBaseMap } from "./base-map.js";
import { createCamera } from "./camera.js";
import { byId, element, isPhone, readJson } from "./dom.js";
import { createTiles, drawing as drawingWord } from "./drawing.js";
import { say } from "./format.js";
import { createLayers } from "./layers.js";
import { createLegend } from "./legend.js";
import { tell, untell } from "./notice.js";
import { createSearch } from "./search.js";
import { createSheet } from "./sheet.js";
import { createStore } from "./store.js";
import { createActs } from "./zone-acts.js";
import { createConflict } from "./zone-conflict.js";
import { createDesk } from "./zone-desk.js";
import { fields } from "./zone-dialogs.js";
import { createDiscard } from "./zone-discard.js";
import { createDrafts } from "./zone-drafts.js";
import { createLanes } from "./zone-lanes.js";
import { bare, holds, keyOf } from "./zone-lists.js";
import { createZonePanel } from "./zone-panel.js";
import { createPeople } from "./zone-people.js";
import { createProposals } from "./zone-propose.js";
import { createShapes } from "./zone-shapes.js";
import { createTools } from "./zone-tools.js";
import { createWork } from "./zone-work.js";

const STATES = ["covered", "gap", "overlap", "vacant"];
const REACH_PX = 6;
const FINGER_REACH_PX = 14;
const CODE = "[^\\s~;,\\/]+";

const config = readJson("config");
const words = {
  duty: oneOf(config.duties.map((duty) => duty.code), config.duty, { always: true }),
  on: aDay(config.on),
  draft: anything(),
  proposal: anything(),
  zone: anything(),
  layers: someOf(config.layers.map((layer) => layer.key), config.usual),
  states: someOf(STATES, STATES),
  color: oneOf(["state", "holder"], "state"),
  drawing: drawingWord,
};
const map = window.map;
const store = createStore({ version: 0, ...readAddress(words) });
const work = createWork(() => worked());
const unitOf = () => config.duties.find((one) => one.code === store.get().duty).unit;
const notify = (word, values = {}) => tell(say(word, values));

function fail(error) {
  if (!(error instanceof Unanswered)) throw error;
  tell(say("failed_change", { reason: error.message }));
}

// --- the map ---------------------------------------------------------------------------------------------------------

const draftWords = () => (drafts.now() ? { draft: drafts.now().id, version: drafts.now().version } : {});
const tilesOf = ({ duty, on }) => ({ cover: { duty, on, ...draftWords() }, "duty-zones": { duty, on, ...draftWords() } });
const tiles = createTiles(map, tilesOf, (reason) => tell(say("failed", { reason })));
const camera = createCamera(map, store, config.extent);
const shapes = createShapes(map);
const asked = () => ({ duty: store.get().duty, on: store.get().on, draft: drafts.now()?.id });
const overPlan = () => ({ duty: store.get().duty, on: store.get().on });

const paint = () => tiles.apply(store.get(), null);

// --- zones, as they are in the work or in the plan -----------------------------------------------------------------

const plan = new Map();
const chosen = new Map();
let answer = null;

const zones = {
  get: (code) => work.now().get(code) ?? plan.get(code) ?? null,

  // As the plan has it too: who holds it stands there.
  async load(code) {
    const drawn = work.now().get(code);
    if (plan.has(code) || drawn?.isNew) return this.get(code);
    const { duty, on } = store.get();
    try {
      const { geometry, properties } = await ask(`zone ${code}`, `${config.api}/zones/${encodeURIComponent(code)}`, { on });
      const isThere = properties.duty === duty && (!properties.valid_to || properties.valid_to > on) && (properties.valid_from ?? "") <= on;
      if (!isThere) throw new Unanswered(say("not_found", { code }), 404);
      const { id, name, shift, segments, held_by: held, version } = properties;
      plan.set(code, { code, name, shift, segments, picture: geometry, holders: null, ends: false, isNew: false, base: id, base_version: version, held });
    } catch (error) {
      if (!drawn) throw error;
    }
    return this.get(code);
  },
};

const now = () => (store.get().zone ? zones.get(store.get().zone) : null);
const isHeld = ({ holders }) => (holders ? holders.length > 0 : null);
const beside = (but) =>
  work.unsaved().filter((code) => code !== but).map((code) => {
    const zone = work.now().get(code) ?? plan.get(code);
    return !zone || zone.ends ? { zone: code, segments: null } : { zone: code, shift: zone.shift, held: isHeld(zone), segments: bare(zone.segments) };
  });

function previewed(zone, more = {}, kind = "preview") {
  const body = { ...overPlan(), zone: zone.code, shift: zone.shift, held: isHeld(zone), segments: bare(zone.segments), beside: beside(zone.code), ...more };
  if (drafts.now()) body.draft = drafts.now().id;
  return askAbout(kind, `${config.api}/zones/preview`, body);
}

const drafts = createDrafts(config, work, { conflict, tell: notify });
const people = createPeople(config, () => store.get().on);
const acts = createActs(config, { work, zones, asked: overPlan, tell: notify, fail });

const choice = createConflict({
  shapes,
  unitOf,
  showAll: (box) => camera.look(box),
  holderOf: (zone) => (zone.holders ? say("conflict_holder", { holder: zone.holders.join(", ") || say("holder_nobody") }) : null),
  async look(zone) {
    if (!zone || zone.ends) return [];
    return (await previewed(zone, {}, `conflict ${zone === work.now().get(zone.code)}`))?.segments ?? [];
  },
});

let isAsking = false;

// While a version is chosen nothing else is done.
async function conflict(both) {
  isAsking = true;
  try {
    return await choice(both);
  } finally {
    isAsking = false;
  }
}

// --- the zone that is open -------------------------------------------------------------------------------------------

// What was chosen is done with.
function taken(act) {
  chosen.clear();
  return act();
}

const does = {
  keep: (segment) => settle(segment),
  leave: (segment) => acts.remove(now(), [{ segment }]),
  takeFrom: (zone, segments) => acts.takeFrom([{ zone, segments }]),
  takeFromAll: (shared) => acts.takeFrom(shared),
  takeOut: (list) => taken(() => acts.remove(now(), list)),
  takeIn: (list) => taken(() => acts.add(now(), list)),
  words: (said) => acts.words(now(), said),
  drop: () => acts.drop(now()),
  end: () => acts.end(now()),
  choose,
  people: people.offer,

  give(code) {
    untell();
    acts.words(now(), { holders: code ? [code] : [] });
  },

  async merge() {
    const code = await askCode("merge_title", "merge_code", "", "merge_now");
    if (code) await acts.merge(now(), code);
  },

  async giveTo(list) {
    const code = await askCode("give_title", "give_code", "", "give_now");
    if (code) await taken(() => acts.move(now().code, code, list));
  },

  async begin(list) {
    const code = await askCode("new_title", "new_code", acts.freeCode(now().code), "new_now");
    if (!code) return;
    taken(() => acts.begin(code, list, { from: now() }));
    open(code);
  },
};
const panel = createZonePanel(config, does);
const lanes = createLanes(config, overPlan, { take: does.takeIn, leave: does.takeOut, give: does.giveTo, fail });
let edge = []; // segments along the edge of what was drawn last, which are asked for

function settle(segment) {
  edge = edge.filter((one) => one.segment !== segment);
  showPanel();
}

async function askCode(title, label, value, yes) {
  const input = element("input", { id: "code", name: "code", value, maxlength: 60, required: true, pattern: CODE, autocomplete: "off" });
  const given = await fields(say(title), [[say(label), input]], yes);
  return given?.code || null;
}

function choose(list, wanted) {
  for (const stretch of list) {
    if (wanted) chosen.set(keyOf(stretch), stretch);
    else chosen.delete(keyOf(stretch));
  }
  shapes.choose([...chosen.values()]);
  showPanel();
}

function showPanel() {
  if (isAsking) return;
  const zone = now();
  if (!zone) return panel.hide();
  const { code } = zone;
  const told = answer && { ...answer, border: edge.filter(({ segment }) => holds(answer.segments, segment)) };
  panel.show({
    zone,
    answer: told,
    chosen,
    lanes,
    isOpen: desk.isOpen(),
    isChanged: work.now().has(code) && !zone.isNew,
    isNew: Boolean(zone.isNew),
    held: plan.get(code)?.held ?? [],
    nameOf: people.nameOf,
    note: desk.isOpen() ? null : say(drafts.now() ? "read_only" : "choose_draft"),
  });
}

// The other zones of the draft: tiles leave out what it changes.
function showOthers() {
  const open = store.get().zone;
  shapes.others([...work.now().values()].filter(({ code, ends }) => code !== open && !ends));
}

// Shows the zone that is open, then what the server tells of it.
async function refresh() {
  const zone = now();
  showTools();
  showOthers();
  if (isAsking) return;
  if (!zone || zone.ends) {
    answer = null;
    shapes.clear();
    return showPanel();
  }
  if (answer?.zone !== zone.code) answer = null;
  showPanel();
  try {
    const found = await previewed(zone);
    if (!found || now() !== zone) return;
    answer = { ...found, zone: zone.code };
    const told = { ...zone, segments: found.segments };
    if (work.now().get(zone.code) === zone) work.amend(told);
    else if (plan.get(zone.code) === zone) plan.set(zone.code, told);
    for (const [key, stretch] of [...chosen]) if (!stretch.geometry) chosen.delete(key);
    showShapes(told, found);
    showPanel();
    if (await people.learn(zone.holders ?? [])) showPanel();
  } catch (error) {
    fail(error);
  }
}

function showShapes(zone, found) {
  if (!zone || !found || isAsking) return;
  shapes.show(
    { picture: zone.picture, segments: found.segments, shared: found.shared.flatMap(({ segments }) => segments), left: found.left.segments },
    { bare: tools.hasArea() },
  );
  shapes.choose([...chosen.values()]);
}

// `at` is where it lies, as far as that is known before it is asked for.
async function open(code, { at = null } = {}) {
  try {
    await zones.load(code);
  } catch (error) {
    return fail(error);
  }
  if (code !== store.get().zone) {
    chosen.clear();
    edge = [];
    answer = null;
    tools.use("pick");
  }
  if (isPhone()) sheet.fold(false);
  store.set({ zone: code }, { push: true });
  desk.show();
  const told = refresh();
  if (at) camera.look(at);
  await told;
}

function close() {
  tools.use("pick");
  chosen.clear();
  shapes.clear();
  answer = null;
  store.set({ zone: null }, { push: true });
  panel.hide();
  showTools();
  showOthers();
  desk.show();
}

// --- tools -----------------------------------------------------------------------------------------------------------

const tools = createTools(map, config, {
  now,
  previewed,
  acts,
  asked,
  overPlan,
  fail,
  choose,
  showPanel,
  refresh,
  isOpen: () => desk.isOpen(),
  figures: (found) => panel.figures(found),
  shown: (found) => showShapes(now(), found ?? answer),
  onEdge: (found) => (edge = found),

  // A list becomes a zone of its own.
  async made(segments, picture = null) {
    const code = await askCode("new_title", "new_code", acts.freeCode(store.get().duty), "new_now");
    if (!code) return;
    acts.begin(code, segments, { picture });
    await open(code);
  },
});

function clicked(event) {
  if (tools.name() !== "pick") return null;
  const reach = matchMedia("(pointer: coarse)").matches ? FINGER_REACH_PX : REACH_PX;
  const found = tiles.at(event.latlng, reach).find(({ answers, properties }) => answers === "cover" && properties.segment);
  if (!found) return null;
  const { segment, zone } = found.properties;
  const codes = (zone ?? "").split(";").filter(Boolean);
  const [first] = codes;
  if (proposals.isPicking()) return first ? proposals.toggle(codes) : notify("locking_nobody");
  if (now() && desk.isOpen() && !now().ends) acts.toggle(now(), segment);
  else if (first) open(first);
  else notify("tool_nobody");
  return null;
}

function keyed(event) {
  const typing = event.target.closest("input, select, textarea, dialog");
  if (event.key === "Escape" && proposals.isPicking() && !typing) return proposals.picked();
  if (event.key === "Escape" && tools.name() !== "pick") return tools.use("pick");
  if (!(event.ctrlKey || event.metaKey) || typing || !desk.isOpen()) return null;
  const key = event.key.toLowerCase();
  if (key === "z" && !event.shiftKey) work.undo();
  else if (key === "y" || (key === "z" && event.shiftKey)) work.redo();
  else if (key === "s") desk.save();
  else return null;
  return event.preventDefault();
}

// The zones that are to stay in a proposal; what is not known here has no area.
async function drawLocked(codes) {
  const found = await Promise.all(codes.map((code) => zones.load(code).catch(() => null)));
  shapes.locked(found.filter(Boolean));
}

// Makes room for clicks on the map.
function clearMap() {
  tools.use("pick");
  if (isPhone()) sheet.fold(false);
}

// --- the parts -------------------------------------------------------------------------------------------------------

function showTools() {
  tools.show();
  byId("undo").disabled = !work.canUndo();
  byId("redo").disabled = !work.canRedo();
}

const desk = createDesk(store, config, { work, drafts, tell, opened, open });
const proposals = createProposals(store, config, { desk, tell, draw: drawLocked, choose: clearMap });
createDiscard(config, { drafts, desk, opened, tell, fail });
let sheet = null;

// Another draft, or none, or the same in a new version.
function opened(draft, { same = false } = {}) {
  if (!same) {
    plan.clear();
    chosen.clear();
    tools.use("pick");
  }
  const changes = { draft: draft?.name ?? null, version: draft?.version ?? 0 };
  if (draft) changes.on = draft.on;
  store.set(changes, same ? {} : { push: true });
  paint();
  const { zone } = store.get();
  if (same || !zone) worked();
  else zones.load(zone).then(worked, close);
}

function worked() {
  desk.show();
  const { zone } = store.get();
  if (zone && !zones.get(zone)) zones.load(zone).then(() => refresh(), close);
  else refresh();
  tools.again();
}

function keepLinks(state) {
  for (const link of document.querySelectorAll("[data-language]")) {
    const address = new URL(link.href);
    address.searchParams.set("next", `/zones${query(state, words)}${state.view ? `#map=${state.view}` : ""}`);
    link.href = `${address.pathname}${address.search}`;
  }
}

function found(choice, result) {
  if (choice.type === "zone" && proposals.isPicking()) return proposals.toggle([choice.code]);
  const box = result.bbox ?? (result.center ? [...result.center, ...result.center] : null);
  if (choice.type === "zone") return open(choice.code, { at: box });
  return box && camera.look(box);
}

// The legend's script hears of another duty only when the work that is not stored may be left.
async function guardDuty(event) {
  if (!work.unsaved().length) return;
  event.stopPropagation();
  const wanted = event.target;
  for (const one of document.querySelectorAll("#duty input")) one.checked = one.value === store.get().duty;
  if (await desk.mayLeave()) store.set({ duty: wanted.value }, { push: true });
}

// The address was gone back or on in: the draft and the zone that it names are opened.
async function restored({ draft, zone }, _before, how) {
  if (!how.restoring) return;
  if (draft !== (drafts.now()?.name ?? null)) await desk.choose(draft ?? "");
  if (zone) await open(zone);
  else close();
}

async function changedDuty() {
  drafts.close();
  opened(null);
  close();
  await desk.list();
}

async function start() {
  const question = ({ duty, on }) => (drafts.now() ? { path: `${config.api}/drafts/${drafts.now().id}/cover`, words: { on } } : { path: `${config.api}/cover`, words: { duty, on } });
  createLegend(store, config, tell, { question, watched: ["duty", "on", "draft", "version"] });
  createLayers(store);
  createSearch(store, config, found, { types: ["zone", "lane", "drain", "community", "group"] });
  sheet = createSheet(map);
  createBaseMap(map, store, config);
  byId("map").setAttribute("role", "region");
  byId("map").setAttribute("aria-label", document.title);
  map.on("click", clicked);
  document.addEventListener("keydown", keyed);
  byId("undo").addEventListener("click", () => work.undo());
  byId("redo").addEventListener("click", () => work.redo());
  byId("panel-close").addEventListener("click", close);

  keepAddress(store, words, map);
  store.watch(["duty", "on", "layers", "states", "color", "version", "bare"], paint);
  store.watch(["duty"], changedDuty);
  store.watch(["draft", "zone"], restored);
  byId("duty").addEventListener("change", guardDuty, { capture: true });
  store.watch(null, keepLinks);
  keepLinks(store.get());
  paint();
  const { draft, zone } = store.get();
  await desk.list();
  if (draft) await desk.choose(draft);
  if (zone) {
    await open(zone);
    const box = answer && shapes.boundsOf(answer.segments);
    if (!store.get().view && box) camera.look(box);
  }
  desk.show();
  showTools();
  if (store.get().proposal) proposals.open();
  if (config.notice) tell(config.notice);
  document.documentElement.dataset.ready = "true";
}

start();
