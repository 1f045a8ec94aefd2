// Small columns: how many there were at each day or hour.

import { byId, drawing, element, fill } from "./dom.js";
import { number, say } from "./format.js";

const COLUMN = 10;
const HEIGHT = 40;

export function columns(title, counts, names, everyNth) {
  const most = Math.max(1, ...counts);
  const told = counts.map((count, index) => say("bar_count", { name: names[index], count: number(count) }));
  const picture = drawing("svg", {
    viewBox: `0 0 ${counts.length * COLUMN} ${HEIGHT}`,
    preserveAspectRatio: "none",
    role: "img",
    "aria-label": `${title}: ${told.join("; ")}`,
  });
  counts.forEach((count, index) => {
    const height = (HEIGHT * count) / most;
    const bar = { x: index * COLUMN + 1, y: HEIGHT - height, width: COLUMN - 2, height };
    picture.append(drawing("rect", bar, drawing("title", {}, told[index])));
  });
  const under = names.map((name, index) => element("span", {}, index % everyNth ? "" : name));
  const names_ = element("p", { class: "under-columns", "aria-hidden": "true" }, ...under);
  return element("figure", { class: "columns" }, element("figcaption", {}, title), picture, names_);
}

export function createWhen() {
  const days = say("weekdays").split(" ");
  const hours = Array.from({ length: 24 }, (_, hour) => String(hour));
  return {
    show(answer) {
      const untimed = answer.without_time
        ? element("p", { class: "hint" }, say("without_time", { count: number(answer.without_time) }))
        : null;
      fill(
        byId("when"),
        columns(say("weekdays_title"), answer.weekdays, days, 1),
        columns(say("hours_title"), answer.hours, hours, 3),
        untimed,
      );
    },
  };
}
