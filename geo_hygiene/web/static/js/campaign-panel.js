// What a campaign did on one target, and who looks after it.

import { ask, Unanswered } from "./api.js";
import { bar } from "./bar.js";
import { byId, element, fill } from "./dom.js";
import { fromTo, metres, number, placeOf, say } from "./format.js";
import { chain, facts, heading } from "./panel-parts.js";
import { parse } from "./selection.js";

export function createCampaignPanel(store, config, api, { light, close }) {
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

  function target(answer, state) {
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
      const answer = await ask("panel", `${api}/targets/${choice.kind}/${encodeURIComponent(choice.code)}`, { on: state.on });
      if (!answer) return;
      target(answer, state);
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
