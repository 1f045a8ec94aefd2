// What is chosen, in words: a target with who looks after it, or a zone, a person, a lane, an area.

import { ask, Unanswered } from "./api.js";
import { bar } from "./bar.js";
import { byId, element, fill } from "./dom.js";
import { amount, fromTo, metres, named, number, period, placeOf, say, share } from "./format.js";
import { chain, facts, heading } from "./panel-parts.js";
import { workOn } from "./panel-work.js";
import { known } from "./search.js";
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

  function people(posts) {
    return chain(posts, config.roles, (post) => link({ type: "person", code: post.code }, named(post)));
  }

  function answerable(posts) {
    if (!posts.length) return null;
    return element("section", {}, element("h3", { class: "divider" }, say("above")), people(posts));
  }

  // Where nobody holds a stretch, its leader and cadre are the ones to ask.
  function unheld(piece, posts) {
    const where = piece ? element("span", { class: "where" }, fromTo(piece.from_m, piece.to_m)) : null;
    return element(
      "li",
      { class: "claim unheld" },
      piece ? element("p", { class: "claim-head" }, say("gap"), where) : null,
      element("p", { class: "nobody" }, say(piece ? "nobody_part" : "nobody")),
      people(posts),
    );
  }

  function claim(one, isLine) {
    const where = isLine ? fromTo(one.from_m, one.to_m) : null;
    const shift = config.shifts[one.shift] ?? one.shift;
    return element(
      "li",
      { class: "claim" },
      element("p", { class: "claim-head" }, one.zone ? link({ type: "zone", code: one.zone }, named({ name: one.zone_name, code: one.zone })) : null, where ? element("span", { class: "where" }, where) : null),
      element("p", { class: "claim-when" }, [shift, one.since ? say("since", { day: one.since }) : say("since_always")].filter(Boolean).join(" · ")),
      people(one.chain),
    );
  }

  function duty(code, claims, answer, isLine) {
    const pieces = answer.pieces.filter((one) => one.duty === code);
    const gaps = claims.length && isLine ? pieces.filter((one) => one.state === "gap") : [];
    const told = [
      ...claims.map((one) => ({ from: one.from_m, row: claim(one, isLine) })),
      ...gaps.map((one) => ({ from: one.from_m, row: unheld(one, answer.above) })),
    ].sort((one, other) => one.from - other.from);
    const rows = told.length ? told.map((one) => one.row) : [unheld(null, answer.above)];
    return element(
      "section",
      { class: "duty" },
      element("h3", {}, dutyOf(code)?.title ?? code),
      isLine ? bar(pieces, answer.length_m) : null,
      element("ol", { class: "claims" }, ...rows),
    );
  }

  async function target(choice, state) {
    const answer = await ask("panel", `${config.api}/targets/${choice.kind}/${encodeURIComponent(choice.code)}/cover`, { on: state.on });
    if (!answer) return;
    const isLine = config.duties.every((one) => one.kind !== answer.kind || one.unit === "m") && answer.length_m > 0;
    const codes = config.duties.filter((one) => one.kind === answer.kind).map((one) => one.code);
    const asked = codes.filter((code) => code === state.duty || answer.cover.some((one) => one.duty === code));
    const work = config.works ? element("section", { id: "panel-work" }) : null;
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
      work,
    );
    const sameKind = dutyOf(state.duty)?.kind === answer.kind;
    light({ by: sameKind ? "segment" : answer.kind, values: [answer.id] }, answer);
    if (work) fill(work, ...(await workOn(config, answer, state.on)));
  }

  // --- what the search finds ------------------------------------------------------------------------------------

  function stretch(piece, unit) {
    const detail = [unit === "m" ? fromTo(piece.from_m, piece.to_m) : null, placeOf(piece)].filter(Boolean).join(" · ");
    return element(
      "li",
      {},
      element(
        "button",
        { type: "button", "data-state-of": piece.state, onclick: () => place({ type: "target", kind: piece.kind, code: piece.segment }, piece) },
        element("span", { class: "row-name" }, named({ name: piece.lane, code: piece.code })),
        element("span", { class: "row-figure" }, say(piece.state)),
        element("span", { class: "row-detail" }, detail),
      ),
    );
  }

  async function stretches(words, state) {
    const answer = await ask("stretches", `${config.api}/cover/pieces`, { duty: state.duty, on: state.on, sort: "lane", limit: LISTED, ...words });
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
    const found = await known(config, choice, state.on);
    if (!found) return;
    const answer = await ask("zone", `${config.api}/zones/${encodeURIComponent(found.id ?? found.code)}`, { on: state.on });
    if (!answer) return;
    const zoned = answer.properties;
    const unit = dutyOf(zoned.duty).unit;
    const holders = zoned.held_by.map((one) => link({ type: "person", code: one.code }, named(one)));
    open(
      heading(found.name || found.code, say("type_zone"), found.code),
      facts(
        [say("duty"), dutyOf(zoned.duty).title],
        [say("shift"), config.shifts[zoned.shift] ?? zoned.shift],
        unit === "m" ? [say("length"), amount(zoned.length_m, unit)] : [say("place_count"), number(zoned.targets)],
        [say("work"), zoned.minutes === null ? null : say("minutes_a_day", { number: number(Math.round(zoned.minutes)) })],
        [say("holders"), holders.length ? element("span", { class: "chips" }, ...holders) : say("holder_none")],
        [say("period"), period(zoned.valid_from, zoned.valid_to)],
      ),
      answerable(zoned.above),
      tableLinks({ duty: zoned.duty, zone: found.code }, state),
      await stretches({ zone: found.code }, state),
    );
    light({ by: "zone", values: [found.code] }, found);
  }

  function tableLinks(words, state) {
    const address = (more) => `/map/table?${new URLSearchParams({ duty: state.duty, on: state.on, ...words, ...more })}`;
    return element(
      "p",
      { class: "ways" },
      element("a", { href: address({}) }, say("in_table")),
      element("a", { href: address({ state: "gap" }) }, say("gaps_in_table")),
    );
  }

  function choiceRow(choice, name, figure, detail) {
    return element(
      "li",
      {},
      element(
        "button",
        { type: "button", "data-choice": choice.code, onclick: () => place(choice) },
        element("span", { class: "row-name" }, name),
        figure ? element("span", { class: "row-figure plain" }, figure) : null,
        element("span", { class: "row-detail" }, detail),
      ),
    );
  }

  function heldRow(zone) {
    const { title, unit } = dutyOf(zone.duty);
    const extent = unit === "m" ? amount(zone.length_m, unit) : `${say("place_count")} ${number(zone.targets)}`;
    return choiceRow({ type: "zone", code: zone.code }, named(zone), extent, `${title} · ${config.shifts[zone.shift] ?? zone.shift}`);
  }

  function list(title, rows) {
    if (!rows.length) return null;
    return element("section", {}, element("h3", { class: "divider" }, title), element("ol", { class: "rows" }, ...rows));
  }

  async function person(choice, state) {
    const found = await known(config, choice, state.on);
    if (!found) return;
    const answer = await ask("person", `${config.api}/people/${encodeURIComponent(found.id)}`, { on: state.on });
    if (!answer) return;
    const posts = answer.posts.map((post) => choiceRow({ type: post.level, code: post.code }, named(post), null, config.roles[post.role] ?? post.role));
    open(
      heading(answer.name || answer.code, say("type_person"), answer.code, config.roles[answer.role] ?? answer.role),
      facts(
        [say("type_community"), answer.community ? link({ type: "community", code: answer.community }, named({ name: answer.community_name, code: answer.community })) : null],
        [say("phone"), answer.phone],
      ),
      list(say("zones"), answer.zones.map(heldRow)),
      list(say("answers_for"), posts),
      answerable(answer.above),
    );
    light({ by: "zone", values: found.zones ?? [] }, found);
  }

  function figures(answer, unit) {
    const figure = (name) => [say(name), `${amount(answer[name], unit)} (${share(answer[name], answer.total)})`];
    return [[say("in_all"), amount(answer.total, unit)], figure("covered"), figure("gap"), figure("overlap"), figure("vacant")];
  }

  // Neighbouring stretches in the same hands are one line, and its segments stand below it.
  function runs(pieces) {
    const found = [];
    for (const piece of pieces) {
      const hands = [piece.section, piece.state, ...piece.zones, "", ...piece.holders].join("\n");
      if (found.at(-1)?.hands === hands) found.at(-1).pieces.push(piece);
      else found.push({ hands, pieces: [piece] });
    }
    return found.map((run) => run.pieces);
  }

  function run(pieces, isApart) {
    const [first, last] = [pieces[0], pieces.at(-1)];
    const lanes = first.start && last.end ? say("from_lane_to_lane", { from: first.start, to: last.end }) : null;
    const zones = first.in_zones.map((one) => link({ type: "zone", code: one.code }, named(one)));
    const holders = first.held_by.map((one) => link({ type: "person", code: one.code }, named(one)));
    const segment = (piece) =>
      choiceRow({ type: "target", kind: piece.kind, code: piece.segment }, piece.code || say("no_name"), fromTo(piece.from_m, piece.to_m), placeOf(piece));
    return element(
      "li",
      { class: "claim run", "data-state-of": first.state },
      isApart ? element("p", { class: "fine" }, say("other_part")) : null,
      element("p", { class: "claim-head" }, element("span", { class: "run-state" }, say(first.state)), element("span", { class: "where" }, fromTo(first.along_from_m, last.along_to_m))),
      lanes ? element("p", { class: "claim-when" }, lanes) : null,
      zones.length || holders.length ? element("p", { class: "chips" }, ...(holders.length ? holders : [say("holder_none")]), ...zones) : element("p", { class: "nobody" }, say("nobody_part")),
      element("ol", { class: "rows" }, ...pieces.map(segment)),
    );
  }

  async function lane(choice, state) {
    const asked = dutyOf(state.duty).bundle === choice.type ? dutyOf(state.duty) : config.duties.find((one) => one.bundle === choice.type);
    const answer = await ask("lane", `${config.api}/cover/along`, { duty: asked.code, on: state.on, lane: choice.code });
    if (!answer) return;
    const parts = runs(answer.pieces);
    open(
      heading(answer.name || answer.code || say("no_name"), say(`type_${choice.type}`), answer.code, config.categories[answer.category]),
      facts([say("duty"), asked.title], ...figures(answer, asked.unit)),
      tableLinks({ duty: asked.code, lane: choice.code, sort: "lane" }, state),
      parts.length ? element("h3", { class: "divider" }, say("end_to_end")) : null,
      element("ol", { class: "claims" }, ...parts.map((one, index) => run(one, index > 0 && one[0].section !== parts[index - 1][0].section))),
    );
    light({ by: `${choice.type}s`, values: [answer.code] }, { bbox: around(answer.pieces) });
  }

  function around(pieces) {
    if (!pieces.length) return null;
    const edge = (side, pick) => pick(...pieces.map((piece) => piece.bbox[side]));
    return [edge(0, Math.min), edge(1, Math.min), edge(2, Math.max), edge(3, Math.max)];
  }

  async function area(choice, state) {
    const answer = await ask("area", `${config.api}/areas/${encodeURIComponent(choice.code)}`, { duty: state.duty, on: state.on });
    if (!answer) return;
    const { unit, title } = dutyOf(state.duty);
    const below = answer.level === "office" ? "community" : "group";
    const part = (one) =>
      choiceRow(
        { type: one.code ? below : answer.level, code: one.code ?? answer.code },
        named(one),
        null,
        say("part_figures", { total: amount(one.total, unit), gap: amount(one.gap, unit), share: share(one.gap, one.total) }),
      );
    const words = answer.level === "office" ? {} : { [answer.level]: answer.code };
    open(
      heading(answer.name || answer.code || say("no_name"), say(`type_${answer.level}`), answer.code, config.categories[answer.zone_class]),
      facts(
        [say("belongs_to"), answer.parent ? link({ type: answer.parent_level, code: answer.parent }, named({ name: answer.parent_name, code: answer.parent })) : null],
        [say("residents"), answer.population === null ? null : number(answer.population)],
        [say("duty"), title],
        ...figures(answer, unit),
      ),
      tableLinks(words, state),
      answerable(answer.above),
      list(say(`parts_${below}`), answer.parts.map(part)),
    );
    light({ by: "areas", values: [answer.code] }, answer);
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
