// Gaps, longest first; each is a click away from its place on the map.

import { ask, Unanswered } from "./api.js";
import { byId, element, fill } from "./dom.js";
import { fromTo, metres, number, placeOf, say, segmentOf } from "./format.js";

const PAGE = 50;

// One row: the name of its lane or place, how long it is, where it lies; `told` is what else is said of it.
export function gapRow(gap, unit, told, choose) {
  const isPoint = unit !== "m";
  const place = [told, placeOf(gap)].filter(Boolean).join(" · ");
  const detail = isPoint ? [gap.name && gap.name !== gap.code && gap.code, place] : [gap.lane && segmentOf(gap), fromTo(gap.from_m, gap.to_m), place];
  return element(
    "li",
    {},
    element(
      "button",
      {
        type: "button",
        "data-segment": gap.segment,
        onclick: () => choose({ type: "target", kind: gap.kind, code: gap.segment }, gap),
      },
      element("span", { class: "row-name" }, gap.lane || gap.name || gap.code || say("no_name")),
      isPoint ? null : element("span", { class: "row-figure" }, metres(gap.length_m)),
      element("span", { class: "row-detail" }, detail.filter(Boolean).join(" · ")),
    ),
  );
}

// `question(state)` says where the list is asked for, with which words, and in which unit; `told(gap)` is what a row says
// beside its place; `listed` are the states that are in the list.
export function createGaps(store, { question, watched, listed, told: toldOf = () => null }, choose) {
  const box = byId("gaps");
  const list = element("ol", { class: "rows" });
  const more = element("button", { type: "button", class: "more", hidden: true, onclick: () => load(true) }, say("gaps_more"));
  const message = element("p", { class: "empty", hidden: true });
  const unseen = element("p", { class: "empty", id: "gaps-unseen", hidden: true }, say("gaps_unseen"));
  let after = null;
  let whole = null;
  let waits = false;
  fill(box, unseen, list, message, more);

  function mark(select) {
    for (const button of list.querySelectorAll("[data-segment]")) {
      button.setAttribute("aria-current", button.dataset.segment === select ? "true" : "false");
    }
  }

  function told(text) {
    message.textContent = text;
    message.hidden = !text;
  }

  // Only the first page of some lists says how many there are.
  function counted({ total, next }) {
    whole = total ?? whole;
    return whole === null ? `${number(list.children.length)}${next ? "+" : ""}` : number(whole);
  }

  async function load(further = false) {
    const { path, words, unit } = question(store.get());
    waits = false;
    byId("gaps-order").textContent = say(unit === "m" ? "gaps_longest" : "gaps_by_code");
    if (!further) {
      after = null;
      whole = null;
      box.setAttribute("aria-busy", "true");
    }
    try {
      const answer = await ask("gaps", path, { ...words, limit: PAGE, after });
      if (!answer || waits) return;
      const rows = answer.gaps.map((gap) => gapRow(gap, unit, toldOf(gap), choose));
      if (further) list.append(...rows);
      else fill(list, ...rows);
      if (further) rows[0]?.querySelector("button").focus();
      after = answer.next ?? null;
      list.hidden = false;
      more.hidden = !after;
      told(list.children.length ? "" : say("gaps_none"));
      byId("gaps-count").textContent = list.children.length ? say("gaps_count", { count: counted(answer) }) : "";
      mark(store.get().select);
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error;
      fill(list);
      more.hidden = true;
      told(say("failed", { reason: error.message }));
    }
    box.removeAttribute("aria-busy");
  }

  // the part of the address behind # says where the map looks
  document.querySelector(".skip-list").addEventListener("click", (event) => {
    event.preventDefault();
    document.querySelector(event.currentTarget.hash).focus();
  });

  // struck out in the legend, what is listed is not on the map: the list stays, and says so
  function remind(state) {
    unseen.hidden = listed.some((name) => state.states.has(name));
  }

  // while a player runs, one list at its end is enough; what was left on another day is not shown for that of today
  function wait() {
    waits = true;
    box.setAttribute("aria-busy", "true");
    list.hidden = true;
    more.hidden = true;
    byId("gaps-count").textContent = "";
    told(say("gaps_later"));
  }

  store.watch(watched, (_state, _before, how) => (how.playing ? wait() : load()));
  store.watch(["states"], remind);
  store.watch(["select"], (state) => mark(state.select));
  remind(store.get());
  load();
  return { load: () => load() };
}
