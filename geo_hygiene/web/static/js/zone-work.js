// What is drawn and not stored yet: zones by code, as they would be, with every step that led there and can be undone.
//
// A zone is { code, name, shift, segments, picture, holders, ends, base, base_version }: `holders` are null where it is
// held as before, a zone that `ends` has no list, one that `isListed` has a list that its picture does not show yet, and
// `base` is the zone of the plan that was read. What is not in the work is as in the plan.

import { sealed } from "./zone-lists.js";

export function sameZone(one, other) {
  if (!one || !other) return one === other;
  return sealOf(one) === sealOf(other);
}

function sealOf({ name, shift, segments, picture, holders, ends }) {
  return JSON.stringify([name ?? null, shift, ends ? "" : sealed(segments), picture ?? null, holders ?? null, Boolean(ends)]);
}

export function createWork(changed) {
  let saved = new Map();
  let steps = [new Map()];
  let at = 0;

  const now = () => steps[at];

  function unsaved() {
    const codes = new Set([...saved.keys(), ...now().keys()]);
    return [...codes].filter((code) => !sameZone(saved.get(code), now().get(code)));
  }

  return {
    now,
    saved: () => saved,
    unsaved,
    canUndo: () => at > 0,
    canRedo: () => at < steps.length - 1,

    // Begin with what is stored.
    begin(zones) {
      saved = new Map(zones.map((zone) => [zone.code, zone]));
      steps = [new Map(saved)];
      at = 0;
      changed();
    },

    // Zones by code; null is as in the plan.
    step(zones) {
      const next = new Map(now());
      for (const [code, zone] of Object.entries(zones)) {
        if (zone) next.set(code, zone);
        else next.delete(code);
      }
      steps = [...steps.slice(0, at + 1), next];
      at += 1;
      changed();
    },

    // The same zone told more exactly: no step.
    amend(zone) {
      now().set(zone.code, zone);
    },

    undo() {
      if (at === 0) return;
      at -= 1;
      changed();
    },

    redo() {
      if (at === steps.length - 1) return;
      at += 1;
      changed();
    },

    // What is stored became another: steps stay. `taken` are zones that become what is stored.
    stored(zones, taken = []) {
      saved = new Map(zones.map((zone) => [zone.code, zone]));
      for (const code of taken) {
        if (saved.has(code)) now().set(code, saved.get(code));
        else now().delete(code);
      }
      changed();
    },
  };
}
