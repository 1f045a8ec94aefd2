// What panels are made of.

import { element } from "./dom.js";
import { say } from "./format.js";

export function heading(title, ...under) {
  return element(
    "header",
    {},
    element("h2", { id: "panel-title" }, title),
    element("p", { class: "under" }, under.filter(Boolean).join(" · ")),
  );
}

export function facts(...pairs) {
  const rows = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return element("dl", { class: "facts" }, ...rows.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]));
}

// `nameOf` shows who holds a post.
export function chain(posts, roles, nameOf = (post) => post.name || post.code) {
  const item = (post) =>
    element(
      "li",
      { class: post.code ? "" : "missing" },
      element("span", { class: "role" }, roles[post.role] ?? post.role),
      element("span", { class: "name" }, post.code ? nameOf(post) : say("post_none")),
      post.stands_in_for ? element("span", { class: "role" }, say("stands_in_for", { name: post.stands_in_for.name })) : null,
    );
  return element("ol", { class: "chain" }, ...posts.map(item));
}
