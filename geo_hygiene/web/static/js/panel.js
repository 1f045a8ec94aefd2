// What is chosen, in words: a target with who looks after it, or a zone, a person, a lane, an area.

import { ask, Unanswered } from "./api.js";
import { bar } from "./bar.js";
import { byId, element, fill } from "./dom.js";
import { amount, fromTo, metres, number, period, placeOf, say, share } from "./format.js";
import { chain, facts, heading } from "./panel-parts.js";
import { parse } from "./selection.js";

const LISTED = 40;

export function createPanel(store, config, { light, place, close }) {
  const panel = byId("panel");
  const body = byId("panel-body");
  const dutyOf = (code) => config.duties.find((duty) => duty.code === code);

  byId("panel-close").addEventListener("click", close);
  panel.addEventListener("keydown", (event) => event.key === "Escape" && close());

  function open(...content) {
    fill(body, ...content);
    panel.hidden = false;
    document.body.classList.add("has-panel");
  }

  function shut() {
    panel.hidden = true;
    fill(body);
    document.body.classList.remove("has-panel");
  }

  function link(choice, text) {
    return element("button", { type: "button", class: "link", onclick: () => place(choice) }, text);
  }

  // --- a target -------------------------------------------------------------------------------------------------

  function claim(one, isLine) {
    const where = isLine ? fromTo(one.from_m, one.to_m) : null;
    const shift = config.shifts[one.shift] ?? one.shift;
    return element(
      "li",
      { class: "claim" },
      element("p", { class: "claim-head" }, one.zone ? link({ type: "zone", code: one.zone }, one.zone_name || one.zone) : null, where ? element("span", { class: "where" }, where) : null),
      element("p", { class: "claim-when" }, [shift, one.since ? say("since", { day: one.since }) : say("since_always")].filter(Boolean).join(" · ")),
      chain(one.chain, config.roles),
    );
  }

  function duty(code, claims, answer, isLine) {
    const parts = [];
    if (isLine) parts.push(bar(answer.pieces.filter((one) => one.duty === code), answer.length_m));
    if (claims.length) parts.push(element("ol", { class: "claims" }, ...claims.map((one) => claim(one, isLine))));
    else parts.push(element("p", { class: "nobody" }, say("nobody")));
    return element("section", { class: "duty" }, element("h3", {}, dutyOf(code)?.title ?? code), ...parts);
  }

  async function target(choice, state) {
    const answer = await ask("panel", `${config.api}/targets/${choice.kind}/${encodeURIComponent(choice.code)}/cover`, { on: state.on });
    if (!answer) return;
    const isLine = config.duties.every((one) => one.kind !== answer.kind || one.unit === "m") && answer.length_m > 0;
    const codes = config.duties.filter((one) => one.kind === answer.kind).map((one) => one.code);
    const asked = codes.filter((code) => code === state.duty || answer.cover.some((one) => one.duty === code));
    const sections = asked.map((code) => duty(code, answer.cover.filter((one) => one.duty === code), answer, isLine));
    open(
      heading(answer.lane || answer.name || answer.code || say("no_name"), config.categories[answer.category] ?? config.kind_titles[answer.kind]),
      facts(
        [say(isLine ? "segment" : "code"), answer.code],
        [say("length"), isLine ? metres(answer.length_m) : null],
        [say("place"), placeOf(answer)],
        [say("period"), answer.valid_from || answer.valid_to ? period(answer.valid_from, answer.valid_to) : null],
      ),
      element("h3", { class: "divider" }, say("cover_on", { day: state.on })),
      ...(sections.length ? sections : [element("p", { class: "fine" }, say("out_of_scope"))]),
    );
    const sameKind = dutyOf(state.duty)?.kind === answer.kind;
    light({ by: sameKind ? "segment" : answer.kind, values: [answer.id] }, answer);
  }

  // --- what the search finds ------------------------------------------------------------------------------------

  async function known(choice, state) {
    const words = { q: choice.code, limit: 50, on: state.on };
    const answer = await ask("panel", `${config.api}/search`, words);
    if (!answer) return null;
    const found = answer.results.find((one) => one.type === choice.type && (one.code === choice.code || one.id === choice.code));
    if (!found) throw new Unanswered(say("not_found", { code: choice.code }), 404);
    return found;
  }

  function stretch(piece, unit) {
    const detail = unit === "m" ? fromTo(piece.from_m, piece.to_m) : placeOf(piece);
    return element(
      "li",
      {},
      element(
        "button",
        { type: "button", "data-state-of": piece.state, onclick: () => place({ type: "target", kind: piece.kind, code: piece.segment }, piece) },
        element("span", { class: "row-name" }, piece.lane || piece.code || say("no_name")),
        element("span", { class: "row-figure" }, say(piece.state)),
        element("span", { class: "row-detail" }, detail),
      ),
    );
  }

  async function stretches(words, state) {
    const answer = await ask("stretches", `${config.api}/cover/pieces`, { duty: state.duty, on: state.on, limit: LISTED, ...words });
    const rows = answer?.pieces ?? [];
    if (!rows.length) return null;
    const unit = dutyOf(state.duty).unit;
    return element(
      "section",
      {},
      element("h3", { class: "divider" }, `${say(unit === "m" ? "stretches" : "places")} (${number(rows.length)}${answer.next ? "+" : ""})`),
      element("ol", { class: "rows" }, ...rows.map((piece) => stretch(piece, unit))),
    );
  }

  async function zone(choice, state) {
    const found = await known(choice, state);
    if (!found) return;
    const answer = await ask("zone", `${config.api}/zones/${encodeURIComponent(found.id ?? found.code)}`, { on: state.on });
    if (!answer) return;
    const zoned = answer.properties;
    const unit = dutyOf(zoned.duty).unit;
    const holders = zoned.held_by.map((one) => link({ type: "person", code: one.code }, one.name || one.code));
    open(
      heading(found.name || found.code, say("type_zone"), found.code),
      facts(
        [say("duty"), dutyOf(zoned.duty).title],
        [say("shift"), config.shifts[zoned.shift] ?? zoned.shift],
        unit === "m" ? [say("length"), amount(zoned.length_m, unit)] : [say("place_count"), number(zoned.targets)],
        [say("holders"), holders.length ? element("span", { class: "chips" }, ...holders) : say("holder_none")],
        [say("period"), period(zoned.valid_from, zoned.valid_to)],
      ),
      await stretches({ zone: found.code }, state),
    );
    light({ by: "zone", values: [found.code] }, found);
  }

  async function person(choice, state) {
    const found = await known(choice, state);
    if (!found) return;
    const zones = found.zones ?? [];
    open(
      heading(found.name || found.code, say("type_person"), found.detail),
      facts([say("code"), found.code]),
      zones.length
        ? element("section", {}, element("h3", { class: "divider" }, say("zones")), element("ul", { class: "chips" }, ...zones.map((code) => element("li", {}, link({ type: "zone", code }, code)))))
        : null,
    );
    light({ by: "zone", values: zones }, found);
  }

  async function lane(choice, state) {
    const found = await known(choice, state);
    if (!found) return;
    open(
      heading(found.name || found.code, say(`type_${choice.type}`), found.detail),
      facts([say("code"), found.code]),
      await stretches({ lane: found.code }, state),
    );
    light({ by: `${choice.type}s`, values: [found.code] }, found);
  }

  async function area(choice, state) {
    const found = await known(choice, state);
    if (!found) return;
    const answer = await ask("area", `${config.api}/cover`, { duty: state.duty, on: state.on, by: choice.type });
    const row = answer?.by.find((one) => one.code === found.code);
    const unit = dutyOf(state.duty).unit;
    const figure = (name) => [say(name), row ? `${amount(row[name], unit)} (${share(row[name], row.total)})` : null];
    open(
      heading(found.name || found.code, say(`type_${choice.type}`), found.detail),
      facts(figure("covered"), figure("gap"), figure("overlap"), figure("vacant")),
    );
    light({ by: "areas", values: [found.code] }, found);
  }

  function kindTitle({ type, kind }) {
    return type === "target" ? config.kind_titles[kind] : say(`type_${type}`);
  }

  const TELL = { target, zone, person, lane, drain: lane, community: area, group: area, office: area };

  async function show(state) {
    const choice = parse(state.select, dutyOf(state.duty)?.kind);
    if (!choice) {
      light(null);
      shut();
      return;
    }
    panel.setAttribute("aria-busy", "true");
    try {
      await TELL[choice.type](choice, state);
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error;
      const reason = error.status === 404 ? say("not_found", { code: choice.code }) : say("failed", { reason: error.message });
      light(null);
      open(heading(choice.code, kindTitle(choice)), element("p", { class: "nobody" }, reason));
    }
    panel.removeAttribute("aria-busy");
  }

  store.watch(["select", "on", "duty"], show);
  return { show };
}
