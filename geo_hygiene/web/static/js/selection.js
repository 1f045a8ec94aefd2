// What a person has chosen, as the address writes it: a bare id or code is a target of the duty, else "type:code".

const TYPED = /^([a-z][a-z-]*):(.+)$/;
const PLACES = new Set(["zone", "person", "lane", "drain", "group", "community", "office"]);

export function parse(select, kind) {
  if (!select) return null;
  const [, type, code] = select.match(TYPED) ?? [];
  if (type === "target" || !type) return { type: "target", kind, code: code ?? select };
  return PLACES.has(type) ? { type, code } : { type: "target", kind: type, code };
}

export function write(choice, kind) {
  if (choice.type !== "target") return `${choice.type}:${choice.code}`;
  return choice.kind === kind ? choice.code : `${choice.kind}:${choice.code}`;
}
