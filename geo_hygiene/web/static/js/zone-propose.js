// A proposal of zones: what it should be like, how far it is, and what came of it; adopted it is a draft. It is a job of
// the server, whose id stands in the address: a reload, or a closed dialog, loses nothing.

import { ask, send, Unanswered } from "./api.js";
import { byId, element, fill } from "./dom.js";
import { amount, number, say, share } from "./format.js";

const PAUSE = 500;
const TOLD = 12;
const OPEN = ["waiting", "running"];
const BORDERS = ["soft", "hard", "none"];
const BARRIERS = ["river", "main-road"];

const split = (text) => text.split(/[\s,，;；、]+/).filter(Boolean);
const ratio = (value) => (value === null ? "–" : value.toFixed(3));

// `draw(codes)` shows the zones that stay on the map; `choose()` makes ready to click zones there.
export function createProposals(store, config, { desk, tell, draw, choose }) {
  const box = byId("propose");
  const opener = byId("propose-open");
  const jobs = `${config.api}/jobs`;
  const proposals = `${config.api}/proposals`;
  const locked = new Set();
  let wishes = {};
  let isPicking = false;
  let timer = 0;
  let shown = "";

  const dutyOf = (code) => config.duties.find((one) => one.code === code);

  function view(name, title, ...parts) {
    shown = name;
    box.dataset.view = name;
    fill(box, element("h2", { id: "propose-title", tabindex: -1 }, title), ...parts);
  }

  function button(word, act, { quiet = false, id = null } = {}) {
    return element("button", { type: "button", class: quiet ? "button quiet" : "button", id, onclick: act }, say(word));
  }

  const acts = (...buttons) => element("p", { class: "acts" }, ...buttons);
  const closer = () => button("close", () => box.close(), { quiet: true });

  function failed(error) {
    if (!(error instanceof Unanswered)) throw error;
    const places = error.problem.errors ?? [];
    for (const { loc } of places) box.querySelector(`[name="${loc[0]}"]`)?.setAttribute("aria-invalid", "true");
    const told = places.length ? places.map(({ msg }) => msg).join(" ") : error.message;
    const line = byId("propose-failed");
    if (line) line.textContent = say("failed_change", { reason: told });
    else tell(say("failed_change", { reason: told }));
  }

  // --- wishes --------------------------------------------------------------------------------------------------------

  function field(label, input, more = null) {
    return element("p", { class: "field" }, element("label", { for: input.id }, label), input, more);
  }

  function input(name, attributes) {
    return element("input", { id: `propose-${name}`, name, autocomplete: "off", value: wishes[name], ...attributes });
  }

  function choice(name, options, chosen) {
    const made = ([value, label]) => element("option", { value, selected: value === chosen }, label);
    return element("select", { id: `propose-${name}`, name }, ...options.map(made));
  }

  // Zones that stay: told by their codes, or clicked on the map.
  function lockField() {
    const codes = input("lock", { maxlength: 4000, placeholder: say("propose_lock_none"), value: "" });
    const chips = element("ul", { class: "locked", id: "propose-locked" });
    const show = () => fill(chips, ...[...locked].sort().map(chip));
    const chip = (zone) => {
      const unlock = () => {
        locked.delete(zone);
        show();
        codes.focus();
      };
      const button = element("button", { type: "button", class: "button quiet", "data-zone": zone, "aria-label": say("propose_unlock", { zone }), onclick: unlock }, `${zone} ×`);
      return element("li", {}, button);
    };
    const add = () => {
      lockTold(codes.value);
      codes.value = "";
      show();
    };
    codes.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !codes.value.trim()) return;
      event.preventDefault();
      add();
    });
    show();
    const onMap = element("button", { type: "button", class: "button quiet", id: "propose-lock-map", onclick: () => pick(codes.form) }, say("propose_lock_map"));
    return [field(say("propose_lock"), codes, onMap), chips];
  }

  function lockTold(text) {
    for (const code of split(text)) locked.add(code);
  }

  function remember(form) {
    const given = new FormData(form);
    lockTold(given.get("lock"));
    wishes = { ...Object.fromEntries(given), barriers: given.getAll("barriers") };
  }

  function pick(form) {
    remember(form);
    isPicking = true;
    box.close();
    choose();
    byId("locking").hidden = false;
    showLocked();
  }

  function showLocked() {
    const zones = [...locked].sort();
    byId("locking-told").textContent = zones.length ? say("locking_some", { zones: zones.join(", ") }) : say("locking_none");
    draw(zones);
  }

  function toggle(codes) {
    for (const code of codes) if (!locked.delete(code)) locked.add(code);
    showLocked();
  }

  function picked() {
    isPicking = false;
    byId("locking").hidden = true;
    draw([]);
    open();
    byId("propose-lock-map")?.focus();
  }

  function barrierField() {
    const one = (name) =>
      element("label", {}, element("input", { type: "checkbox", name: "barriers", value: name, checked: wishes.barriers?.includes(name) }), ` ${say(`propose_barrier_${name}`)}`);
    return element("fieldset", { class: "field checks" }, element("legend", {}, say("propose_barriers")), ...BARRIERS.map(one));
  }

  function showForm() {
    const { duty, on } = store.get();
    const areas = config.areas.map(({ code, name, level }) => [code, level === "office" ? name : `· ${name}`]);
    const form = element(
      "form",
      { class: "asked-form", novalidate: false },
      element("p", { class: "fine" }, say("propose_told", { duty: dutyOf(duty).title, day: on })),
      field(say("propose_within"), choice("within", [["", say("propose_everywhere")], ...areas], wishes.within)),
      field(say("propose_count"), input("count", { type: "number", min: 1, max: 20000, step: 1, required: true, inputmode: "numeric" })),
      field(say("propose_tolerance"), input("tolerance", { type: "number", min: 0, max: 100, step: "any", required: true, value: wishes.tolerance ?? 5 })),
      field(say("propose_borders"), choice("borders", BORDERS.map((one) => [one, say(`propose_borders_${one}`)]), wishes.borders)),
      field(say("propose_keep"), input("keep", { type: "number", min: 0, max: 100, step: "any", placeholder: say("propose_keep_none") })),
      ...lockField(),
      barrierField(),
      element("p", { id: "propose-failed", role: "alert" }),
      acts(closer(), element("button", { type: "submit", class: "button", id: "propose-go" }, say("propose_go"))),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      remember(form);
      begin();
    });
    view("form", say("propose_title"), form);
  }

  async function begin() {
    const { duty, on } = store.get();
    const body = { duty, on, count: Number(wishes.count), tolerance: Number(wishes.tolerance) / 100, borders: wishes.borders, lock: [...locked].sort(), barriers: wishes.barriers };
    if (wishes.within) body.within = wishes.within;
    if (wishes.keep !== "") body.keep = Number(wishes.keep) / 100;
    byId("propose-go").disabled = true;
    try {
      const job = await send(`${config.api}/zones/propose`, body);
      store.set({ proposal: job.id }, { atOnce: true });
      follow(job.id);
    } catch (error) {
      byId("propose-go").disabled = false;
      failed(error);
    }
  }

  // --- progress ------------------------------------------------------------------------------------------------------

  function showProgress(job) {
    if (shown !== `progress ${job.id}`) {
      const stop = async () => {
        byId("propose-cancel").disabled = true;
        try {
          await send(`${proposals}/${job.id}/cancel`, null);
        } catch (error) {
          failed(error);
        }
      };
      view(
        `progress ${job.id}`,
        say("propose_title"),
        element("p", { id: "propose-step", role: "status" }),
        element("progress", { id: "propose-bar", "aria-labelledby": "propose-step" }),
        element("p", { class: "fine" }, say("propose_stays")),
        element("p", { id: "propose-failed", role: "alert" }),
        acts(closer(), button("propose_cancel", stop, { quiet: true, id: "propose-cancel" })),
      );
    }
    const bar = byId("propose-bar");
    byId("propose-step").textContent = say(job.state === "waiting" ? "propose_waits" : `propose_step_${job.step ?? "read"}`);
    if (job.total) [bar.max, bar.value] = [job.total, Math.min(job.done, job.total)];
    else bar.removeAttribute("value");
  }

  async function follow(id) {
    clearTimeout(timer);
    try {
      const job = await ask("proposal", `${jobs}/${id}`);
      if (!job || !box.open) return;
      if (OPEN.includes(job.state)) {
        showProgress(job);
        timer = setTimeout(() => follow(id), PAUSE);
      } else if (job.state !== "done") showEnd(job);
      else if (job.result.zones) showAnswer(job);
      else await adopted(job.result);
    } catch (error) {
      if (error.status === 404) {
        store.set({ proposal: null });
        showForm();
      } else if (error.status === 0) timer = setTimeout(() => follow(id), PAUSE * TOLD);
      else failed(error);
    }
  }

  function again() {
    store.set({ proposal: null });
    showForm();
    byId("propose-within").focus();
  }

  function showEnd(job) {
    const told = job.state === "cancelled" ? say("propose_cancelled") : say("failed_change", { reason: job.reason ?? "" });
    view("end", say("propose_title"), element("p", { role: "status" }, told), acts(closer(), button("propose_again", again, { id: "propose-again" })));
  }

  // --- the answer ----------------------------------------------------------------------------------------------------

  function evenness({ before, zones, mean, max_over_mean: most, min_over_mean: least }) {
    const head = ["", "propose_zones", "propose_mean", "propose_most", "propose_least"].map((word) => element("th", { scope: "col" }, word && say(word)));
    const row = (word, count, ...figures) => element("tr", {}, element("th", { scope: "row" }, say(word)), element("td", {}, number(count)), ...figures.map((one) => element("td", {}, one)));
    return element(
      "table",
      { class: "areas compared", id: "propose-even" },
      element("thead", {}, element("tr", {}, ...head)),
      element(
        "tbody",
        {},
        row("propose_before", before.zones, number(before.mean), ratio(before.max_over_mean), ratio(before.min_over_mean)),
        row("propose_after", zones.length, number(mean), ratio(most), ratio(least)),
      ),
    );
  }

  function listed(id, title, rows, all = rows.length) {
    if (!rows.length) return [];
    const more = all > rows.length ? [element("li", {}, say("propose_more", { count: number(all - rows.length) }))] : [];
    return [element("h3", {}, title), element("ul", { class: "changes", id }, ...rows.map((row) => element("li", {}, row)), ...more)];
  }

  function showAnswer(job) {
    const found = job.result;
    const { unit } = dutyOf(found.duty);
    const name = element("input", { id: "propose-name", name: "name", maxlength: 60, required: true, autocomplete: "off" });
    const moved = found.moved.slice(0, TOLD).map(({ from, to, length_m: length }) => say("propose_moved_row", { from, to, amount: amount(length, unit) }));
    const form = element(
      "form",
      { class: "asked-form" },
      element("p", { class: found.met ? "" : "unmet", id: "propose-met", "data-met": String(found.met) }, say(found.met ? "propose_met" : "propose_unmet")),
      evenness(found),
      found.share_kept === null ? null : element("p", { id: "propose-kept" }, say("propose_moves", { share: share(1 - found.share_kept, 1) })),
      element(
        "div",
        { class: "propose-why", tabindex: 0, role: "group", "aria-labelledby": "propose-title" },
        ...listed("propose-binding", say("propose_binding"), found.binding.slice(0, TOLD).map(({ text }) => text), found.binding.length),
        ...listed("propose-moved", say("propose_moved"), moved, found.moved.length),
      ),
      field(say("draft_name"), name),
      element("p", { class: "fine" }, say("propose_adopt_told")),
      element("p", { id: "propose-failed", role: "alert" }),
      acts(closer(), button("propose_again", again, { quiet: true, id: "propose-again" }), element("button", { type: "submit", class: "button", id: "propose-adopt" }, say("propose_adopt"))),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      adopt(job.id, name.value.trim());
    });
    view("answer", say("propose_answer", { duty: dutyOf(found.duty).title, count: number(found.count) }), form);
    byId("propose-title").focus();
  }

  async function adopt(id, name) {
    byId("propose-adopt").disabled = true;
    try {
      const job = await send(`${proposals}/${id}/adopt`, { name });
      follow(job.id);
    } catch (error) {
      byId("propose-adopt").disabled = false;
      failed(error);
    }
  }

  async function adopted({ draft, duty }) {
    box.close();
    if (!(await desk.mayLeave())) return;
    store.set({ proposal: null });
    if (duty !== store.get().duty) store.set({ duty });
    await desk.choose(draft);
    tell(say("propose_adopted", { name: draft }));
  }

  function open() {
    if (!box.open) box.showModal();
    const { proposal } = store.get();
    if (proposal) follow(proposal);
    else showForm();
  }

  byId("locking-done").addEventListener("click", picked);
  opener.addEventListener("click", open);
  box.addEventListener("close", () => {
    clearTimeout(timer);
    shown = "";
    (isPicking ? byId("locking-done") : opener).focus();
  });
  return { open, isPicking: () => isPicking, toggle, picked };
}
