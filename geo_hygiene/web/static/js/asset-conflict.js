// Somebody else changed the same tank, street or drain meanwhile: both versions are on the map, and one is chosen.

import { boxOf } from "./asset-map.js";
import { namesOf } from "./asset-outcome.js";
import { number, period, say } from "./format.js";
import { chooseVersion } from "./versions.js";

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

function fieldLines(said, fields) {
  return fields.filter(({ name }) => name in said).map(({ name, title, choices, unit }) => {
    const value = choices.find((choice) => choice.value === said[name])?.title ?? said[name] ?? "–";
    return say("conflict_field", { title, value: unit && said[name] !== null ? `${value} ${unit}` : value });
  });
}

// What somebody wanted: an act and what was sent with it.
function wanted(act, body, fields) {
  const done = {
    change: () => [...fieldLines(body.fields, fields), body.geometry ? say("conflict_moved") : null],
    split: () => [body.at_m === undefined ? say("conflict_split_there") : say("conflict_split", { at: number(body.at_m) })],
    join: () => [say("conflict_join")],
    end: () => [say("conflict_end", { day: body.from })],
  };
  const since = body.from ? say("conflict_from", { day: body.from }) : say("conflict_correct");
  return [...done[act](), act === "end" ? null : since];
}

// What is otherwise in what stands there now than in what was read.
function changed(read, ended, now, fields) {
  if (!now.length) return [say("conflict_gone", { day: ended.properties.valid_to })];
  if (now.length > 1) return [say("conflict_parts", { count: number(now.length), names: namesOf(now) })];
  const [{ geometry, properties }] = now;
  const other = Object.entries(properties.fields).filter(([name, value]) => !same(value, read.properties.fields[name] ?? null));
  const moved = same(geometry, read.geometry) ? null : say("conflict_moved");
  return [...fieldLines(Object.fromEntries(other), fields), moved, period(properties.valid_from, properties.valid_to)];
}

export function createConflict({ drawn, camera, find, fields }) {
  // What stands in the place of something now: it may be several, or nothing any more.
  async function standing(feature) {
    if (!feature.properties.valid_to) return [feature];
    const children = (await Promise.all(feature.properties.children.map(find))).filter(Boolean);
    return (await Promise.all(children.map(standing))).flat();
  }

  // Returns what was chosen ("mine", "theirs", or null where it is put off) and what stands there now.
  return async function conflict({ act, body, read, ended }) {
    const now = await standing(ended);
    const mine = body.geometry ?? read.geometry;
    drawn.compare(mine, (now.length ? now : [ended]).map(({ geometry }) => geometry));
    camera.look(boxOf(mine, ...now.map(({ geometry }) => geometry)));
    const choice = await chooseVersion({
      title: say("conflict_title", { zone: namesOf([read]) }),
      mine: wanted(act, body, fields()),
      theirs: changed(read, ended, now, fields()),
      isPossible: now.length === 1,
    });
    return { choice, now };
  };
}
