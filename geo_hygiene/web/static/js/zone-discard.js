// A draft that is not published is deleted, once that is confirmed.

import { send } from "./api.js";
import { byId } from "./dom.js";
import { say } from "./format.js";
import { confirmed } from "./zone-dialogs.js";

export function createDiscard(config, { drafts, desk, opened, tell, fail }) {
  async function discard() {
    const { id, name, version } = drafts.now();
    if (!(await confirmed(say("discard_title", { name }), say("discard_told"), "discard"))) return;
    try {
      await send(`${config.api}/drafts/${encodeURIComponent(id)}/discard`, null, version);
    } catch (error) {
      return fail(error);
    }
    drafts.close();
    opened(null);
    await desk.list();
    tell(say("discarded", { name }));
  }

  byId("discard").addEventListener("click", discard);
}
