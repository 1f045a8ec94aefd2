// What a campaign did on one target and who looks after it; of a lane or an area, what it reached and what is left.

import { ask, Unanswered } from "./api.js";
import { bar } from "./bar.js";
import { byId, element, fill } from "./dom.js";
import { amount, fromTo, metres, number, placeOf, say, share } from "./format.js";
import { gapRow } from "./gaps.js";
import { chain, facts, heading } from "./panel-parts.js";
import { stateName } from "./reached.js";
import { known } from "./search.js";
import { parse } from "./selection.js";

const LISTED = 40;

// `told(gap)` is what a row of the list says beside its place.
export function createCampaignPanel(store, config, api, { page, light, place, close, told }) {
  const panel = byId("panel");
  const body = byId("panel-body");
  const kindOf = (key) => config.kinds.find((kind) => kind.key === key);

  byId("panel-close").addEventListener("click", close);
  panel.addEventListener("keydown", (event) => event.key === "Escape" && close());

  function open(...content) {
    fill(body, ...content);
    panel.hidden = false;
  }

  function treatment(one, isLine) {
    const used = one.amount === null ? null : `${number(one.amount)} ${config.amount_units[one.unit] ?? one.unit ?? ""}`;
    const told = [config.methods[one.method] ?? one.method, one.product, used, one.team];
    return element(
      "li",
      { class: "claim" },
      element("p", { class: "claim-head" }, config.results[one.result] ?? one.result, isLine ? element("span", { class: "where" }, fromTo(one.from_m, one.to_m)) : null),
      element("p", { class: "claim-when" }, one.done_at.slice(0, 16).replace("T", " ")),
      element("p", { class: "claim-when" }, told.filter(Boolean).join(" · ")),
    );
  }

  function duty(claim, isLine) {
    const where = isLine ? ` ${fromTo(claim.from_m, claim.to_m)}` : "";
    return element(
      "section",
      { class: "duty" },
      element("h3", {}, `${config.duties[claim.duty] ?? claim.duty} · ${claim.zone_name || claim.zone || ""}${where}`),
      chain(claim.chain, config.roles),
    );
  }

  function piece(one) {
    const state = one.reason ? config.results[one.reason] : say(one.state);
    return one.days === null ? state : say("seen_before", { state, days: number(one.days) });
  }

  async function target(choice, state) {
    const answer = await ask("panel", `${api}/targets/${choice.kind}/${encodeURIComponent(choice.code)}`, { on: state.on });
    if (!answer) return;
    const isLine = kindOf(answer.kind)?.unit === "m" && answer.length_m > 0;
    const treatments = answer.treatments.map((one) => treatment(one, isLine));
    open(
      heading(answer.lane || answer.name || answer.code || say("no_name"), config.categories[answer.category] ?? kindOf(answer.kind)?.title),
      facts(
        [say(isLine ? "segment" : "code"), answer.code],
        [say("length"), isLine ? metres(answer.length_m) : null],
        [say("place"), placeOf(answer)],
      ),
      element("h3", { class: "divider" }, say("campaign_on", { day: state.on })),
      answer.in_scope ? null : element("p", { class: "nobody" }, say("not_in_scope")),
      isLine && answer.pieces.length ? bar(answer.pieces, answer.length_m) : null,
      isLine ? null : element("p", {}, answer.pieces.map(piece).join(" · ")),
      element("h3", { class: "divider" }, say("treatments")),
      treatments.length ? element("ol", { class: "claims" }, ...treatments) : element("p", { class: "nobody" }, say("no_treatment")),
      element("h3", { class: "divider" }, say("who")),
      ...(answer.cover.length ? answer.cover.map((one) => duty(one, isLine)) : [element("p", { class: "nobody" }, say("nobody"))]),
    );
    light({ by: "segment", values: [answer.id] }, answer);
  }

  // --- a lane, a drain, an area -----------------------------------------------------------------------------------

  async function left(words, state) {
    const answer = await ask("left", `${api}/gaps`, { on: state.on, limit: LISTED, ...words });
    if (!answer) return [];
    const rows = answer.gaps.map((gap) => gapRow(gap, gap.unit, told(gap), place));
    const count = answer.total === null ? `${number(rows.length)}+` : number(answer.total);
    const file = `${page}/list.csv?${new URLSearchParams({ on: state.on, ...words })}`;
    return [
      element("h3", { class: "divider" }, rows.length ? say("left_count", { count }) : say("left")),
      rows.length ? element("ol", { class: "rows" }, ...rows) : element("p", { class: "fine" }, say("gaps_none")),
      rows.length ? element("p", { class: "ways" }, element("a", { href: file }, say("download"))) : null,
    ];
  }

  async function bundle(choice, state) {
    const found = await known(config, choice, state.on);
    if (!found) return;
    const rows = await left({ lane: found.code }, state);
    open(heading(found.name || found.code || say("no_name"), say(`type_${choice.type}`), found.code), ...rows);
    light({ by: `${choice.type}s`, values: [found.code] }, found);
  }

  function figures(kind) {
    const part = (name) => [stateName(name), `${amount(kind.states[name], kind.unit)} (${share(kind.states[name], kind.on_ground)})`];
    return element(
      "section",
      { class: "duty", "data-kind": kind.kind },
      element("h3", {}, kindOf(kind.kind)?.title ?? kind.kind),
      facts([say("in_all"), amount(kind.on_ground, kind.unit)], ...["treated", "not-treated", "not-visited", "old"].map(part)),
    );
  }

  async function area(choice, state) {
    const found = await known(config, choice, state.on);
    if (!found) return;
    const answer = await ask("area", `${api}/cover`, { on: state.on, by: choice.type, area: found.code });
    if (!answer) return;
    const kinds = answer.by[0]?.kinds ?? [];
    const rows = choice.type === "office" ? [] : await left({ [choice.type]: found.code }, state);
    open(
      heading(found.name || found.code, say(`type_${choice.type}`), found.code),
      element("h3", { class: "divider" }, say("campaign_on", { day: state.on })),
      ...(kinds.length ? kinds.map(figures) : [element("p", { class: "nobody" }, say("not_in_scope"))]),
      ...rows,
    );
    light({ by: "areas", values: [found.code] }, found);
  }

  // an address may name what this page does not tell of
  async function unknown() {
    throw new Unanswered("", 404);
  }

  const TELL = { target, lane: bundle, drain: bundle, community: area, group: area, office: area };

  async function show(state) {
    const choice = parse(state.select, state.kind);
    if (!choice) {
      light(null);
      panel.hidden = true;
      fill(body);
      return;
    }
    panel.setAttribute("aria-busy", "true");
    try {
      await (TELL[choice.type] ?? unknown)(choice, state);
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error;
      light(null);
      const reason = error.status === 404 ? say("not_found", { code: choice.code }) : say("failed", { reason: error.message });
      open(heading(choice.code), element("p", { class: "nobody" }, reason));
    }
    panel.removeAttribute("aria-busy");
  }

  store.watch(["select", "on"], show);
  return { show };
}
