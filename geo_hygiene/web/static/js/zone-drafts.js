// Drafts as the server keeps them. Of two who change the same draft nobody overwrites the other: what only they changed
// is taken over, what both changed is asked.

import { ask, send, Unanswered } from "./api.js";
import { bare } from "./zone-lists.js";
import { sameZone } from "./zone-work.js";

const STALE = 412;
const ROOM = 1_000_000; // characters of a body: the server takes no more than 4 MB
const TRIES = 5;

// The words by which a zone is stored.
function said(zone, code, was) {
  if (!zone) return { zone: code, drop: true };
  const base = zone.base ? { id: zone.base, version: zone.base_version } : null;
  if (zone.ends) return { zone: code, base, ends: true };
  const words = { zone: code, base, shift: zone.shift, segments: bare(zone.segments) };
  if (zone.name) words.name = zone.name;
  if (zone.picture && !zone.isListed) words.picture = zone.picture;
  if (zone.holders && !sameHolders(zone, was)) words.person = zone.holders[0] ?? null;
  return words;
}

function sameHolders(one, other) {
  return JSON.stringify(one?.holders ?? null) === JSON.stringify(other?.holders ?? null);
}

export function createDrafts(config, work, { conflict, tell }) {
  const path = `${config.api}/drafts`;
  let draft = null;

  const addressOf = (name) => `${path}/${encodeURIComponent(name)}`;

  function take(answer) {
    for (const zone of answer.zones) zone.isNew = !zone.base;
    draft = answer;
    return answer;
  }

  // Whoever gave a zone to somebody and undoes that lets it be as in the plan first.
  function batches(codes) {
    const was = (code) => work.saved().get(code);
    const zone = (code) => work.now().get(code);
    const again = codes.filter((code) => zone(code) && !zone(code).ends && was(code)?.holders && !zone(code).holders);
    const made = [];
    for (const words of [...again.map((code) => said(null, code)), ...codes.map((code) => said(zone(code), code, again.includes(code) ? null : was(code)))]) {
      const last = made.at(-1);
      const isNew = !last || last.some((one) => one.zone === words.zone) || JSON.stringify([...last, words]).length > ROOM;
      if (isNew) made.push([words]);
      else last.push(words);
    }
    return made;
  }

  // What only they changed is taken over; zones that both changed otherwise are returned.
  function meet(theirs) {
    const before = work.saved();
    const after = new Map(theirs.zones.map((zone) => [zone.code, zone]));
    const codes = [...new Set([...before.keys(), ...after.keys()])].filter((code) => !sameZone(before.get(code), after.get(code)));
    const mine = new Set(work.unsaved());
    const both = codes.filter((code) => mine.has(code) && !sameZone(work.now().get(code), after.get(code)));
    take(theirs);
    work.stored(theirs.zones, codes.filter((code) => !both.includes(code)));
    return both.map((code) => ({ code, mine: work.now().get(code) ?? null, theirs: after.get(code) ?? null }));
  }

  async function store() {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const [first] = batches(work.unsaved());
      if (!first) return true;
      try {
        take(await send(`${addressOf(draft.id)}/zones`, { zones: first }, draft.version));
        const now = first.filter((words) => !words.drop || !work.now().has(words.zone));
        work.stored(draft.zones, now.map((words) => words.zone));
        tries = -1;
      } catch (error) {
        if (error.status !== STALE) throw error;
        for (const one of meet(error.problem.current)) {
          const chosen = await conflict(one);
          if (!chosen) return false;
          if (chosen === "theirs") work.stored(draft.zones, [one.code]);
        }
        tell("draft_met");
      }
    }
    throw new Unanswered("", STALE);
  }

  async function changed(way, body) {
    try {
      return take(await send(`${addressOf(draft.id)}/${way}`, body, draft.version));
    } catch (error) {
      if (error.status === STALE) {
        take(error.problem.current);
        work.stored(draft.zones, work.unsaved());
      }
      throw error;
    }
  }

  return {
    now: () => draft,
    store,
    listed: async (duty) => (await ask("drafts", path, { duty }))?.drafts ?? null,

    async open(name) {
      const answer = await ask("draft", addressOf(name));
      if (!answer) return null;
      take(answer);
      work.begin(answer.zones);
      return answer;
    },

    async begin(words) {
      take(await send(path, words));
      work.begin(draft.zones);
      return draft;
    },

    close() {
      draft = null;
      work.begin([]);
    },

    compared: () => ask("compare", `${config.api}/plans/compare`, { duty: draft.duty, on: draft.on, with_draft: draft.name }),
    changes: (day) => ask("changes", `${addressOf(draft.id)}/changes`, { from: day }),
    publish: (day, seen) => changed("publish", seen ? { from: day, seen } : { from: day }),
    rename: (name) => changed("rename", { name }),
    takeBack: () => changed("take-back", null),
  };
}
