// The ruleset as it is edited here: one document, its undo history, and who wants to hear of it.

const MOST_UNDOS = 100;

export const rules = {
  document: null,
  digest: "",
  operator: { name: "", may_publish: false },
  published: "",
  undos: [],
  redos: [],
  listeners: [],
};

export function load({ document, digest, operator }) {
  rules.document = document;
  rules.digest = digest;
  if (operator) rules.operator = operator;
  rules.published = JSON.stringify(document);
  rules.undos = [];
  rules.redos = [];
  tell();
}

// Published as `sent`; what was edited meanwhile stays an edit.
export function published(sent, answer) {
  if (JSON.stringify(rules.document) === JSON.stringify(sent)) load(answer);
  else replacePublished(answer);
}

// Somebody's version is active again; what is edited here stays an edit.
export function rolledBack(answer) {
  if (isChanged()) replacePublished(answer);
  else load(answer);
}

function replacePublished({ document, digest }) {
  rules.digest = digest;
  rules.published = JSON.stringify(document);
  tell();
}

export const isChanged = () => JSON.stringify(rules.document) !== rules.published;

export function onChange(listener) {
  rules.listeners.push(listener);
}

// Every change goes through here, so that every change can be undone.
export function change(edit) {
  const before = JSON.stringify(rules.document);
  edit(rules.document);
  if (JSON.stringify(rules.document) === before) return;
  rules.undos.push(before);
  rules.undos.splice(0, rules.undos.length - MOST_UNDOS);
  rules.redos = [];
  tell();
}

export const undo = () => travel(rules.undos, rules.redos);
export const redo = () => travel(rules.redos, rules.undos);

export const table = (id) => rules.document.tables.find((one) => one.id === id);

export const attributes = () => rules.document.attributes ?? {};

export const named = (kind) => {
  const names = rules.document.names?.[kind] ?? [];
  return Array.isArray(names) ? names : Object.keys(names);
};

// Another id, when this one is taken in any table.
export function freeId(wanted) {
  const taken = new Set(rules.document.tables.flatMap((one) => one.rows.map((row) => row.id)));
  let id = wanted;
  for (let number = 2; taken.has(id); number += 1) id = `${wanted}-${number}`;
  return id;
}

function travel(from, to) {
  const text = from.pop();
  if (text === undefined) return;
  to.push(JSON.stringify(rules.document));
  rules.document = JSON.parse(text);
  tell();
}

function tell() {
  for (const listener of rules.listeners) listener();
}
