// Which columns a table shows: the row's id, the attributes in use, then what follows, then a note.
// A column that was shown stays until the page is loaded again, so nothing jumps while one edits.

import { attributes, named, rules, table } from "./rules.js";
import { textOf } from "./cells.js";

export const OUTCOMES = {
  do: "does", queue: "queue", priority: "priority", prompts: "prompts",
  last_agent: "last agent", not_agent: "not agent", flow: "flow", on_fail: "if that fails",
  views: "agent sees", flags: "flags", remark: "remark",
};
const COLLECTED = ["prompts", "views", "flags"];
const shown = new Map();

export const isCollecting = (id) => table(id).id !== "route";

// Every key an outcome of this table may have.
const possible = (id) => (isCollecting(id) ? COLLECTED : Object.keys(OUTCOMES));

export function columns(id) {
  const keys = shown.get(id) ?? [];
  for (const key of [...usedAttributes(id), ...usedOutcomes(id)]) {
    if (!keys.includes(key)) keys.push(key);
  }
  shown.set(id, keys);
  return [
    { key: "id", kind: "id", title: "Row" },
    ...keys.filter((key) => key.startsWith("when.")).map(whenColumn),
    ...possible(id).filter((key) => keys.includes(`then.${key}`)).map(thenColumn),
    { key: "note", kind: "note", title: "Note" },
  ];
}

// What could be shown beside what is: [key, label].
export function hiddenColumns(id) {
  const keys = shown.get(id) ?? [];
  const all = [...Object.keys(attributes()).map((name) => `when.${name}`),
    ...possible(id).map((name) => `then.${name}`)];
  return all.filter((key) => !keys.includes(key)).map((key) => [key, titleOf(key)]);
}

export const showColumn = (id, key) => shown.get(id).push(key);

export const forgetColumns = () => shown.clear();

export function cellText(row, column) {
  switch (column.kind) {
    case "id": return textOf(row.id);
    case "note": return textOf(row.note);
    case "when": return textOf(row.when?.[column.name]);
    default: return outcomeText(column.name, row.then?.[column.name]);
  }
}

// Puts a value into a row; undefined and "" take it out.
export function put(row, column, value) {
  if (column.kind === "id") row.id = value;
  else if (column.kind === "note") place(row, "note", value);
  else place(row[column.kind] ??= {}, column.name, value);
}

export function outcomeText(name, value) {
  if (value === undefined || value === null) return "";
  if (Array.isArray(value)) return value.length ? value.join(", ") : "none";
  if (name === "priority" && typeof value === "object") {
    const most = value.max === undefined ? "" : ` max ${value.max}`;
    return `${value.start ?? 0} +${value.gain_per_min ?? 0}/min${most}`;
  }
  return textOf(value);
}

const place = (holder, name, value) => {
  if (value === undefined || value === "") delete holder[name];
  else holder[name] = value;
};

const whenColumn = (key) => {
  const name = key.slice(5);
  const attribute = attributes()[name] ?? {};
  return { key, kind: "when", name, title: titleOf(key), attribute };
};

const thenColumn = (name) => ({ key: `then.${name}`, kind: "then", name, title: OUTCOMES[name] });

const titleOf = (key) =>
  key.startsWith("then.") ? OUTCOMES[key.slice(5)] : key.slice(5).replaceAll("_", " ");

function usedAttributes(id) {
  const used = new Map();
  for (const row of table(id).rows) {
    for (const name of Object.keys(row.when ?? {})) used.set(name, (used.get(name) ?? 0) + 1);
  }
  const most = [...used].sort(([a, times], [b, others]) => others - times || a.localeCompare(b));
  return most.map(([name]) => `when.${name}`);
}

function usedOutcomes(id) {
  const used = table(id).rows.flatMap((row) => Object.keys(row.then ?? {}));
  const always = isCollecting(id) ? [] : ["do", "queue", "priority", "prompts"];
  return [...new Set([...always, ...used])].map((name) => `then.${name}`);
}

// What a drop-down offers for an outcome, where it offers something.
export const choicesFor = {
  do: () => ["queue", "self_service", "message", "callback"],
  queue: () => ["", ...named("queues")],
  last_agent: () => ["", ...Object.keys(rules.document.last_agent ?? {})],
  not_agent: () => ["", "last"],
  on_fail: () => ["", ...table("route").rows.map((row) => row.id)],
};
