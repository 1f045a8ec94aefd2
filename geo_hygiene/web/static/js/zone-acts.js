// What is done to zones while they are drawn: each act is one step that can be undone.

import { askAbout } from "./api.js";
import { bare, holds, joined, without } from "./zone-lists.js";

// `zones` knows them: get(code) as they are in the work or the plan, load(code) where it must be asked for first.
export function createActs(config, { work, zones, asked, tell, fail }) {
  const endless = (zone) => (zone.isNew ? null : { ...zone, ends: true });
  const asStored = ({ segments, picture }) => ({ segments: bare(segments), picture: picture ?? null });

  // A zone without a stretch is none. Where nobody drew it, its picture is drawn from its list when that is stored.
  function withList(zone, segments, more = {}) {
    return segments.length ? { ...zone, segments, ends: false, isListed: !more.picture, ...more } : endless(zone);
  }

  async function tried(act) {
    try {
      return await act();
    } catch (error) {
      fail(error);
      return null;
    }
  }

  function freeCode(code) {
    const taken = (wanted) => work.now().has(wanted) || work.saved().has(wanted);
    let number = 1;
    while (taken(`${code}-${number}`)) number += 1;
    return `${code}-${number}`;
  }

  function made(code, like, segments, picture = null) {
    return { code, name: null, shift: like?.shift ?? "all-day", segments, picture, holders: null, ends: false, isNew: true };
  }

  return {
    freeCode,

    add: (zone, list) => work.step({ [zone.code]: withList(zone, joined(zone.segments, list)) }),
    remove: (zone, list) => work.step({ [zone.code]: withList(zone, without(zone.segments, list)) }),
    words: (zone, words) => work.step({ [zone.code]: { ...zone, ...words } }),
    drop: (zone) => work.step({ [zone.code]: null }),
    end: (zone) => work.step({ [zone.code]: endless(zone) }),

    toggle(zone, segment) {
      const list = [{ segment }];
      if (holds(zone.segments, segment)) this.remove(zone, list);
      else this.add(zone, list);
    },

    redraw: (zone, segments, picture) => work.step({ [zone.code]: withList(zone, segments, { picture }) }),

    // What one zone held of a list, another holds: one step.
    move(from, to, list) {
      return tried(async () => {
        const [giver, taker] = [await zones.load(from), await zones.load(to)];
        if (!giver || !taker) return;
        const left = without(giver.segments, list);
        work.step({
          [from]: withList(giver, left),
          [to]: withList(taker, joined(taker.segments, without(giver.segments, left))),
        });
      });
    },

    // Other zones are without what they share with this one: one step.
    takeFrom(shared) {
      return tried(async () => {
        const step = {};
        for (const { zone: code, segments } of shared) {
          const giver = await zones.load(code);
          if (giver) step[code] = withList(giver, without(giver.segments, segments));
        }
        work.step(step);
      });
    },

    // Some stretches, of a zone or of none, become a zone.
    begin(code, list, { from = null, picture = null } = {}) {
      const zone = made(code, from, list, picture);
      const rest = from ? { [from.code]: withList(from, without(from.segments, list)) } : {};
      work.step({ ...rest, [code]: zone });
      return zone;
    },

    split(zone, line) {
      return tried(async () => {
        const answer = await askAbout("cut", `${config.api}/zones/cut`, { ...asked(), ...asStored(zone), line });
        if (!answer) return;
        const [first, ...others] = answer.parts;
        if (!others.length) {
          tell("split_none", { zone: zone.code });
          return;
        }
        const step = { [zone.code]: withList(zone, first.segments, { picture: first.picture }) };
        const codes = [];
        for (const { segments, picture } of others) {
          let code = freeCode(zone.code);
          while (code in step) code = `${code}a`;
          codes.push(code);
          step[code] = made(code, zone, segments, picture);
        }
        work.step(step);
        tell("split_made", { zone: zone.code, zones: codes.join(", ") });
      });
    },

    merge(zone, code) {
      return tried(async () => {
        const other = await zones.load(code);
        if (!other || other.ends || code === zone.code) {
          tell("merge_none", { zone: code });
          return;
        }
        const answer = await askAbout("join", `${config.api}/zones/join`, { ...asked(), zones: [asStored(zone), asStored(other)] });
        if (!answer) return;
        const [{ segments, picture }] = answer.parts;
        work.step({ [zone.code]: { ...zone, segments, picture, isListed: false }, [code]: endless(other) });
        tell("merge_made", { zone: zone.code, other: code });
      });
    },
  };
}
