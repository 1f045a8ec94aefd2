// The page of streets and places: what is looked after is picked, drawn, moved, split, joined, renamed and ended. Each
// act is tried first, told, and stored when somebody says so.

import { aDay, anything, isDay, keepAddress, oneOf, query, readAddress, someOf } from "./address.js";
import { ask, send, Unanswered } from "./api.js";
import { createConflict } from "./asset-conflict.js";
import { createAssetForm } from "./asset-form.js";
import { boxOf, createAssetMap, meeting } from "./asset-map.js";
import { confirmed, namesOf } from "./asset-outcome.js";
import { createBaseMap } from "./base-map.js";
import { createCamera } from "./camera.js";
import { byId, element, isPhone, readJson } from "./dom.js";
import { createTiles, drawing } from "./drawing.js";
import { number, say } from "./format.js";
import { createLayers } from "./layers.js";
import { tell } from "./notice.js";
import { createSearch } from "./search.js";
import { createSheet } from "./sheet.js";
import { createStore } from "./store.js";
import { chooseVersion } from "./versions.js";
import { fields } from "./zone-dialogs.js";

const STATES = ["covered", "gap", "overlap", "vacant"];
const NEAR = 17;

const config = readJson("config");
const words = {
  kind: oneOf(config.kinds.map(({ key }) => key), config.kinds[0].key, { always: true }),
  on: aDay(config.on),
  select: anything(),
  layers: someOf(config.layers.map((layer) => layer.key), config.usual),
  drawing,
};
const map = window.map;
const store = createStore({ states: new Set(STATES), color: "state", version: 0, ...readAddress(words) });
const kind = () => config.kinds.find(({ key }) => key === store.get().kind);
const dutyOf = () => (config.duties.find((duty) => duty.kind === kind().key) ?? config.duties[0]).code;
const titles = Object.fromEntries(config.duties.map(({ code, title }) => [code, title]));
const duty = () => ({ duty: dutyOf(), on: store.get().on });
const OF_DUTY = ["cover", "duty-zones"];
const TILES_RENEW_MS = 1200; // the server looks once a second whether its tiles are the newest

let isUsual = true; // today, and nothing was changed: the tiles that every map has

// After a change every tile has another address.
function tilesOf() {
  const { on, version } = store.get();
  isUsual &&= on === config.today && !version;
  const more = version ? { version } : {};
  const told = (source) => (OF_DUTY.includes(source) ? { ...duty(), ...more } : { on, ...more });
  const sources = isUsual ? OF_DUTY : Object.keys(window.map_style.sources);
  return Object.fromEntries(sources.map((source) => [source, told(source)]));
}

const tiles = createTiles(map, tilesOf, (reason) => tell(say("failed", { reason })));
const camera = createCamera(map, store, config.extent);
const paint = () => tiles.apply({ ...store.get(), ...duty() }, null);
const day = () => (byId("correct").checked ? null : store.get().on);
const when = () => (day() ? { from: day() } : { correct: true });
const tagOf = ({ id, properties }) => `${properties.version}-${id.replaceAll("-", "")}`;

let tool = "pick";
let around = [];
let isAsking = false; // which of two versions is taken
let open = null; // what the panel shows: { feature, geometry, id }, without a feature it is new
const done = [];

function fail(error) {
  if (!(error instanceof Unanswered)) throw error;
  const places = (error.problem.errors ?? []).map(({ msg }) => msg);
  const reason = places.join(" ") || error.message;
  if (open) form.wrong(reason);
  tell(say("failed_change", { reason }));
}

// --- tools -----------------------------------------------------------------------------------------------------------

function use(name) {
  tool = name;
  if (name === "new") close();
  drawn.use(name, open?.geometry);
  show();
}

function show() {
  const isOpen = Boolean(open?.feature);
  for (const button of document.querySelectorAll("#tools [data-tool]")) {
    const { tool: name } = button.dataset;
    button.disabled = (name === "move" && !open?.geometry) || (name === "split" && !(isOpen && kind().line));
    button.setAttribute("aria-pressed", String(name === tool));
  }
  const form_of = ["new", "move"].includes(tool) ? `_${kind().line ? "line" : "point"}` : "";
  byId("tool-told").textContent = say(`tool_${tool}${form_of}`);
  byId("undo").disabled = !done.length;
}

function seen(features, whole, isNear) {
  around = features;
  const count = number(features.length);
  const word = whole ? (features.length ? "there" : "there_none") : "there_more";
  const far = config.extent || done.length ? say("nearer", { kind: kind().title }) : say("nothing_yet");
  byId("asset-told").textContent = isNear ? `${kind().title}: ${say(word, { count })}` : far;
}

const drawn = createAssetMap(map, config, {
  kind,
  on: () => store.get().on,
  fail,
  seen,
  picked: (feature) => choose(feature),
  drawn(geometry) {
    tool = "pick";
    drawn.use("pick");
    begin(geometry);
  },
  moved(geometry) {
    open.geometry = geometry;
    form.moved(geometry);
  },
  split: (place) => split({ at: place }),
});

// --- what is open ----------------------------------------------------------------------------------------------------

const form = createAssetForm({
  placed(geometry, fly) {
    open.geometry = geometry;
    drawn.light(geometry);
    if (tool === "new") tool = "pick";
    drawn.use(tool, geometry);
    if (fly) camera.look(boxOf(geometry), { nearest: NEAR });
    show();
  },
  store: (said) => (open.feature ? change(said) : create(said)),
  discard: () => (open.feature ? choose(open.feature) : close()),
  splitAt: (at) => split({ at_m: at }),
  join,
  rename,
  end: () => act("end", "/end", { from: store.get().on }),
});

// `said` is what was typed, and is not stored.
function panel(said = {}) {
  const { feature, geometry } = open;
  const joins = feature && kind().line ? meeting(feature, around) : [];
  form.show({ feature, geometry, kind: kind(), joins, said });
  drawn.light(geometry);
  show();
}

function choose(feature) {
  tool = "pick";
  open = { feature, geometry: feature.geometry, id: feature.id };
  if (isPhone()) sheet?.fold(false);
  store.set({ select: feature.id });
  drawn.use("pick");
  panel();
}

function begin(geometry = null) {
  open = { feature: null, geometry, id: crypto.randomUUID() };
  panel();
}

function close() {
  open = null;
  form.hide();
  drawn.light(null);
  store.set({ select: null });
  if (tool !== "new") drawn.use("pick");
  show();
}

// --- acts ------------------------------------------------------------------------------------------------------------

// Tries something, asks, and stores it; returns whether it was.
async function act(name, path, body) {
  const address = `${config.api}/targets/${kind().key}${open.feature ? `/${open.feature.id}` : ""}${path}`;
  const tag = open.feature ? tagOf(open.feature) : undefined;
  try {
    const tried = await send(address, { ...body, dry_run: true }, tag);
    if (!tried.targets.length) return null;
    if (!(await confirmed(name, tried, { day: body.from, titles }))) return null;
    const told = await send(address, body, tag);
    if (!told.stored) tell(say("nothing"));
    else after(name, told);
    return told;
  } catch (error) {
    if (error.status === 412) return met(name, path, body, error.problem.current);
    fail(error);
    return null;
  }
}

const conflict = createConflict({
  drawn,
  camera,
  fields: () => kind().fields,
  find: (id) => ask(`standing ${id}`, `${config.api}/targets/${kind().key}/${id}`),
});

async function asking(act) {
  isAsking = true;
  try {
    return await act();
  } finally {
    isAsking = false;
  }
}

// Somebody else was faster. Whoever takes his or her own does it again, on what stands there now.
async function met(name, path, body, ended) {
  const { feature: read, geometry } = open;
  await renew();
  tool = "pick";
  drawn.use("pick");
  const { choice, now } = await asking(() => conflict({ act: name, body, read, ended }));
  if (choice === "theirs") {
    if (now.length) choose(now[0]);
    else close();
    return null;
  }
  if (choice === "mine") open = { feature: now[0], geometry: body.geometry ?? now[0].geometry, id: now[0].id };
  else open = { feature: read, geometry, id: read.id };
  panel(body.fields);
  return choice === "mine" ? act(name, path, body) : null;
}

function after(name, told) {
  remember(told.change, say(`done_${name}`, { names: namesOf(told.targets) }));
  if (name === "end") close();
  else choose(told.targets.find(({ geometry }) => geometry.type !== "Point" || told.targets.length === 1) ?? told.targets[0]);
  renew();
}

function remember(change, text) {
  if (change) done.unshift({ change, text });
  tell(text);
  list();
}

// The map is drawn anew with what was changed.
async function renew() {
  setTimeout(() => {
    store.set({ version: store.get().version + 1 });
    paint();
  }, TILES_RENEW_MS);
  await drawn.look();
  if (open?.feature) panel();
}

function create(said) {
  if (!open.geometry) return form.wrong(say(kind().line ? "tool_new_line" : "tool_new_point"));
  return act("create", "", { id: open.id, geometry: open.geometry, fields: said, ...when() });
}

function change(said) {
  const isMoved = open.geometry !== open.feature.geometry;
  if (!isMoved && !Object.keys(said).length) return tell(say("nothing"));
  return act("change", "", { fields: said, ...(isMoved ? { geometry: open.geometry } : {}), ...when() });
}

function split(place) {
  return act("split", "/split", { ...place, ...when() });
}

async function join(other) {
  const { group_code: group } = kind();
  const codes = [open.feature, other].map(({ properties }) => (group ? properties.fields[group] : null));
  const body = { other: other.id, version: other.properties.version, ...when() };
  if (codes[0] !== codes[1]) {
    const input = element("select", { id: "lane", name: "lane" });
    input.append(...codes.filter(Boolean).map((code) => element("option", { value: code }, laneOf(code, [open.feature, other]))));
    const given = await fields(say("join_title"), [[say("join_lane"), input]], "go_on");
    if (!given) return null;
    body.fields = { [group]: given.lane };
  }
  return act("join", "/join", body);
}

function laneOf(code, features) {
  const { fields: said } = features.map(({ properties }) => properties).find((one) => one.fields[kind().group_code] === code);
  return say("named", { name: said.lane ?? said.drain ?? say("no_name"), code });
}

async function rename(code) {
  const address = `${config.api}/groups/${kind().groups.key}/${encodeURIComponent(code)}`;
  try {
    const group = await ask("group", address);
    if (!group) return;
    const input = element("input", { id: "name", name: "name", value: group.name ?? "", maxlength: 100, required: true, autocomplete: "off" });
    const given = await fields(say("rename_title", { name: group.name ?? group.code }), [[say("rename_name"), input]], "rename_now");
    if (!given?.name) return;
    await call(address, given, group);
  } catch (error) {
    fail(error);
  }
}

// Gives a lane or drain another name; where somebody else did meanwhile, one of the two is chosen.
async function call(address, given, group) {
  try {
    const told = await send(address, given, String(group.version));
    remember(told.change, say("renamed", { before: group.name ?? group.code, after: told.name }));
    await again();
  } catch (error) {
    if (error.status !== 412) throw error;
    const { current } = error.problem;
    const title = say("conflict_title", { zone: group.name ?? group.code });
    const choice = await asking(() => chooseVersion({ title, mine: [given.name], theirs: [current.name ?? current.code] }));
    if (choice === "mine") await call(address, given, current);
    else await again();
  }
}

// What is open is read anew.
async function again() {
  const { feature } = open;
  await renew();
  const now = around.find(({ id }) => id === feature.id);
  if (now) choose(now);
}

async function undo(one = done[0]) {
  if (!one) return;
  try {
    await send(`${config.api}/changes/${one.change}/undo`, {});
    done.splice(done.indexOf(one), 1);
    list();
    close();
    tell(say("done_undo"));
    await renew();
  } catch (error) {
    fail(error);
  }
}

function list() {
  byId("done").replaceChildren(
    ...done.map((one, at) => element("li", { "data-change": one.change }, element("span", {}, one.text), at ? null : element("button", { type: "button", class: "button quiet", onclick: () => undo(one) }, say("undo_this")))),
  );
  byId("done-none").hidden = done.length > 0;
  show();
}

// --- the parts -------------------------------------------------------------------------------------------------------

function found(_choice, result) {
  const box = result.bbox ?? (result.center ? [...result.center, ...result.center] : null);
  return box && camera.look(box);
}

function keyed(event) {
  if (isAsking || event.target.closest("input, select, textarea, dialog")) return;
  if (event.key === "Escape" && tool !== "pick") use("pick");
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z") {
    event.preventDefault();
    undo();
  }
}

function keepLinks(state) {
  for (const link of document.querySelectorAll("[data-language]")) {
    const address = new URL(link.href);
    address.searchParams.set("next", `/assets${query(state, words)}${state.view ? `#map=${state.view}` : ""}`);
    link.href = `${address.pathname}${address.search}`;
  }
}

// What has an id or code, wherever it lies.
async function reopen(name, { fly }) {
  try {
    const feature = await ask("select", `${config.api}/targets/${kind().key}/${encodeURIComponent(name)}`, { on: store.get().on });
    if (!feature) return;
    if (fly) camera.look(boxOf(feature.geometry), { nearest: NEAR });
    choose(feature);
  } catch (error) {
    fail(error);
  }
}

let sheet = null;

function start() {
  createLayers(store);
  createSearch(store, config, found);
  sheet = createSheet(map);
  byId("map").setAttribute("role", "region");
  byId("map").setAttribute("aria-label", document.title);
  createBaseMap(map, store, config);
  keepAddress(store, words, map);

  byId("kind").value = store.get().kind;
  byId("on").value = store.get().on;
  byId("kind").addEventListener("change", ({ target }) => {
    close();
    store.set({ kind: target.value }, { push: true });
  });
  byId("on").addEventListener("change", ({ target }) => isDay(target.value) && store.set({ on: target.value }, { push: true }));
  byId("code").addEventListener("change", ({ target }) => target.value.trim() && reopen(target.value.trim(), { fly: true }));
  byId("correct").addEventListener("change", ({ target }) => (byId("on").disabled = target.checked));
  for (const button of document.querySelectorAll("#tools [data-tool]")) {
    button.addEventListener("click", () => {
      use(button.dataset.tool);
      if (button.dataset.tool === "new") begin();
    });
  }
  byId("undo").addEventListener("click", () => undo());
  byId("panel-close").addEventListener("click", () => isAsking || close());
  document.addEventListener("keydown", keyed);
  store.watch(["kind", "on"], (state) => {
    byId("kind").value = state.kind;
    byId("on").value = state.on;
    paint();
    drawn.look();
    show();
  });
  store.watch(["layers"], paint);
  store.watch(["select"], ({ select }, _before, how) => {
    if (!how.restoring) return;
    if (select) reopen(select, { fly: false });
    else close();
  });
  store.watch(null, keepLinks);
  keepLinks(store.get());
  paint();
  show();
  drawn.look();
  if (store.get().select) reopen(store.get().select, { fly: !store.get().view });
  if (config.notice) tell(config.notice);
  document.documentElement.dataset.ready = "true";
}

start();
