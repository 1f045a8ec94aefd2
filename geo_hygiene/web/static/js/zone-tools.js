// The tools over the map and what they do to the open zone: each act is a step of the work.

import { askAbout } from "./api.js";
import { byId } from "./dom.js";
import { say } from "./format.js";
import { createDrawing } from "./zone-drawing.js";

const NEEDS_AREA = ["reshape", "hole"];
const NEEDS_ZONE = [...NEEDS_AREA, "split"];

// `page` has the open zone, what asks the server about it, and what shows the answers.
export function createTools(map, config, page) {
  const { now, previewed, acts, fail } = page;
  const buttons = [...document.querySelectorAll("#tools [data-tool]")];
  const pull = { busy: false, next: null };
  let tool = "pick";

  const drawing = createDrawing(map, {
    api: config.api,
    asked: page.asked,
    locale: document.documentElement.lang,
    does: { drawn, moving, moved, split, lassoed, reset: () => page.refresh() },
  });

  function show() {
    const zone = now();
    byId("tools").hidden = !page.isOpen();
    for (const button of buttons) {
      const { tool: name } = button.dataset;
      button.disabled = (NEEDS_ZONE.includes(name) && (!zone || zone.ends)) || (NEEDS_AREA.includes(name) && !zone?.picture);
      button.setAttribute("aria-pressed", String(name === tool));
    }
    byId("tool-told").textContent = page.isOpen() ? say(!zone && tool === "pick" ? "tool_none" : `tool_${tool}`) : "";
  }

  function use(name) {
    tool = name;
    if (name === "pick") drawing.stop();
    else drawing.use(name, now()?.picture);
    page.shown();
    show();
  }

  // A polygon proposes the list of the open zone, or of a new one.
  async function drawn(polygon) {
    const zone = now();
    use("pick");
    try {
      const like = zone ?? { shift: "all-day", segments: [], holders: null };
      const found = await previewed(like, { segments: undefined, polygon });
      if (!found) return;
      if (zone) {
        page.onEdge(found.border);
        acts.redraw(zone, found.segments, polygon);
        return;
      }
      await page.made(found.segments, polygon);
      page.onEdge(found.border);
      page.showPanel();
    } catch (error) {
      fail(error);
    }
  }

  // While a border is dragged there is one question at a time, and then the newest.
  async function moving(polygon, former) {
    pull.next = { polygon, former };
    if (pull.busy) return;
    pull.busy = true;
    while (pull.next) {
      const wanted = pull.next;
      pull.next = null;
      const zone = now();
      try {
        const found = await previewed(zone, wanted, "moving");
        if (found && now() === zone && tool === "reshape") {
          page.figures(found);
          page.shown(found);
        }
      } catch (error) {
        // what is wrong with the shape is told when it is let go
        if (!error.status) fail(error);
      }
    }
    pull.busy = false;
  }

  async function moved(polygon, former) {
    const zone = now();
    const wasHole = tool === "hole";
    pull.next = null;
    try {
      const found = await previewed(zone, { polygon, former }, "moved");
      if (!found || now() !== zone) return;
      page.onEdge(found.border);
      acts.redraw(zone, found.segments, polygon);
    } catch (error) {
      fail(error);
    }
    if (wasHole) use("pick");
  }

  async function split(line) {
    await acts.split(now(), line);
    use("pick");
  }

  async function lassoed(polygon) {
    try {
      const found = await askAbout("lasso", `${config.api}/zones/preview`, { ...page.overPlan(), polygon });
      if (!found) return;
      if (now()) page.choose(found.segments, true);
      else await page.made(found.segments);
      use("pick");
    } catch (error) {
      fail(error);
    }
  }

  for (const button of buttons) button.addEventListener("click", () => use(button.dataset.tool));

  return {
    show,
    use,
    name: () => tool,
    hasArea: () => NEEDS_AREA.includes(tool),

    // The zone is another than when the tool was taken: its area is drawn anew.
    again() {
      if (tool === "reshape") use(now()?.picture ? "reshape" : "pick");
    },
  };
}
