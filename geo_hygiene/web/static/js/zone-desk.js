// The draft that is open: chosen, begun, stored, compared, published, and taken back before its day.

import { Unanswered } from "./api.js";
import { byId, element, fill } from "./dom.js";
import { named, number, say } from "./format.js";
import { confirmed, fields } from "./zone-dialogs.js";
import { askDay, showComparison } from "./zone-plans.js";

// `opened(draft)` is called when another draft, or none, is open; `open(code)` opens a zone.
export function createDesk(store, config, { work, drafts, tell, opened, open }) {
  const choice = byId("draft");
  let listed = [];
  let busy = false;

  const isOpen = () => Boolean(drafts.now()) && !drafts.now().published_from;

  function failed(error) {
    if (!(error instanceof Unanswered)) throw error;
    tell(say("failed_change", { reason: error.message }));
  }

  // One thing after the other: what is under way is not begun again.
  async function alone(act) {
    if (busy) return null;
    busy = true;
    show();
    try {
      return await act();
    } catch (error) {
      failed(error);
      return null;
    } finally {
      busy = false;
      show();
    }
  }

  async function mayLeave() {
    const count = work.unsaved().length;
    if (!count) return true;
    const title = say("leave_title");
    return Boolean(await confirmed(title, say("leave_told", { count: number(count) }), "leave"));
  }

  function label({ name, published_from: day }) {
    return day ? say("draft_published", { name, day }) : name;
  }

  function showChoice() {
    fill(
      choice,
      element("option", { value: "" }, say(listed.length ? "draft_none" : "draft_no_other")),
      ...listed.map((draft) => element("option", { value: draft.name }, label(draft))),
    );
    choice.value = drafts.now()?.name ?? "";
  }

  async function list() {
    try {
      listed = (await drafts.listed(store.get().duty)) ?? listed;
    } catch (error) {
      failed(error);
    }
    showChoice();
  }

  function state() {
    const draft = drafts.now();
    if (!draft) return say("draft_told_none");
    if (draft.published_from) return say("draft_told_published", { day: draft.published_from });
    const count = work.unsaved().length;
    return count ? say("draft_told_unsaved", { count: number(count) }) : say("draft_told_saved", { day: draft.on });
  }

  function show() {
    const draft = drafts.now();
    const unsaved = work.unsaved().length;
    byId("draft-told").textContent = state();
    byId("draft-told").classList.toggle("unsaved", unsaved > 0);
    byId("save").disabled = busy || !isOpen() || !unsaved;
    byId("compare").hidden = byId("publish").hidden = byId("save").hidden = !isOpen();
    byId("compare").disabled = byId("publish").disabled = busy || work.saved().size === 0;
    byId("take-back").hidden = !(draft?.published_from > config.today);
    byId("draft-acts").hidden = !isOpen() && byId("take-back").hidden;
    if (draft) byId("workload").href = `/workload?${new URLSearchParams({ duty: draft.duty, on: draft.on, draft: draft.name })}`;
    showZones();
  }

  function showZones() {
    const unsaved = new Set(work.unsaved());
    const codes = [...new Set([...work.now().keys(), ...unsaved])].sort((one, other) => one.localeCompare(other, undefined, { numeric: true }));
    const row = (code) => {
      const zone = work.now().get(code);
      const told = zone ? (zone.ends ? "zone_row_ends" : zone.isNew ? "zone_row_new" : "zone_row_other") : "zone_row_plan";
      const attributes = { type: "button", "data-zone": code, "aria-current": String(code === store.get().zone), onclick: () => open(code) };
      return element(
        "li",
        {},
        element("button", attributes, element("span", { class: "row-name" }, named({ name: zone?.name, code })), unsaved.has(code) ? element("span", { class: "row-figure" }, say("unsaved")) : null, element("span", { class: "row-detail" }, say(told))),
      );
    };
    byId("changed-box").hidden = !drafts.now();
    byId("changed-count").textContent = codes.length ? say("gaps_count", { count: number(codes.length) }) : "";
    fill(byId("changed"), codes.length ? element("ol", { class: "rows" }, ...codes.map(row)) : element("p", { class: "empty" }, say("changed_none")));
  }

  async function take(act) {
    const draft = await act();
    await list();
    opened(draft);
    return draft;
  }

  async function save() {
    const stored = await alone(() => drafts.store());
    if (stored) tell(say("saved"));
    opened(drafts.now(), { same: true });
    return stored;
  }

  async function begin() {
    if (!(await mayLeave())) return;
    const name = element("input", { id: "draft-name", name: "name", maxlength: 60, required: true, autocomplete: "off" });
    const on = element("input", { id: "draft-on", name: "on", type: "date", value: store.get().on, min: "1900-01-01", max: "2199-12-31", required: true });
    const answer = await fields(say("draft_title"), [[say("draft_name"), name], [say("draft_on"), on]], "draft_begin", [element("p", { class: "fine" }, say("draft_told_new"))]);
    if (answer) await alone(() => take(() => drafts.begin({ ...answer, duty: store.get().duty })));
  }

  async function choose(name) {
    if (!(await mayLeave())) return showChoice();
    if (name) await alone(() => take(() => drafts.open(name)));
    else {
      drafts.close();
      opened(null);
      showChoice();
    }
  }

  async function publish() {
    if (work.unsaved().length && !(await save())) return;
    await alone(async () => {
      const { name } = drafts.now();
      const sure = await askDay({ today: config.today, name, changes: drafts.changes });
      if (!sure) return;
      await take(() => drafts.publish(sure.day, sure.seen));
      tell(say("published", { name, day: sure.day }));
    });
  }

  async function rename() {
    if (work.unsaved().length && !(await save())) return;
    const { name } = drafts.now();
    const input = element("input", { id: "draft-name", name: "name", value: name, maxlength: 60, required: true, autocomplete: "off" });
    const answer = await fields(say("rename_title", { name }), [[say("draft_name"), input]], "rename");
    if (!answer || answer.name === name) return;
    await alone(async () => {
      await take(() => drafts.rename(answer.name));
      tell(say("renamed", { name: answer.name }));
    });
  }

  async function takeBack() {
    const { name, published_from: day } = drafts.now();
    if (!(await confirmed(say("take_back_title", { name }), say("take_back_told", { day }), "take_back"))) return;
    await alone(async () => {
      await take(() => drafts.takeBack());
      tell(say("taken_back", { name }));
    });
  }

  async function compare() {
    if (work.unsaved().length && !(await save())) return;
    const answer = await alone(() => drafts.compared());
    if (answer) await showComparison(answer);
  }

  choice.addEventListener("change", () => choose(choice.value));
  byId("draft-new").addEventListener("click", begin);
  byId("save").addEventListener("click", save);
  byId("compare").addEventListener("click", compare);
  byId("publish").addEventListener("click", publish);
  byId("rename").addEventListener("click", rename);
  byId("take-back").addEventListener("click", takeBack);
  window.addEventListener("beforeunload", (event) => {
    if (work.unsaved().length) event.preventDefault();
  });

  return { show, list, choose, mayLeave, isOpen, save };
}
