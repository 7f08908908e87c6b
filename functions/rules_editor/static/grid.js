// The table that is looked at, as a grid one walks through with the arrow keys.

import { byId, button, el, fill, select } from "./elements.js";
import { cellText, columns, hiddenColumns, put, showColumn } from "./columns.js";
import { edit, isOpen } from "./editors.js";
import { change, freeId, redo, rules, table, undo } from "./rules.js";

export const view = { table: "route", row: 0, column: 0, filter: "", marks: [], explained: null };

function rowsShown() {
  const rows = table(view.table).rows.map((row, index) => ({ row, index }));
  if (!view.filter) return rows;
  const all = columns(view.table);
  const textOf = (row) => all.map((column) => cellText(row, column)).join("\n").toLowerCase();
  return rows.filter(({ row }) => textOf(row).includes(view.filter.toLowerCase()));
}

// ── Showing ─────────────────────────────────────────────────────────────────────────────────────

export function show() {
  if (!table(view.table)) view.table = "route";
  const hadFocus = byId("grid").contains(document.activeElement) || document.activeElement === document.body;
  showTabs();
  showMoreColumns();
  const scrolled = [byId("grid").scrollLeft, byId("grid").scrollTop];
  fill(byId("grid"), theTable());
  [byId("grid").scrollLeft, byId("grid").scrollTop] = scrolled;
  showSentence();
  if (hadFocus && !isOpen()) focusCell();
}

const HITS = { first: "Here the first row that matches counts.", all: "Here every row that matches adds." };

function showTabs() {
  fill(byId("tables"), ...rules.document.tables.map((one) => button(one.id, () => open(one.id),
    { role: "tab", "aria-selected": String(one.id === view.table), title: HITS[one.hit] ?? "" })));
  byId("hit").textContent = HITS[table(view.table).hit] ?? "";
}

function showMoreColumns() {
  const options = [["", "add…"], ...hiddenColumns(view.table)];
  const fresh = select("Add a column", options, "", (key) => {
    showColumn(view.table, key);
    show();
  });
  fresh.id = "more-columns";
  byId("more-columns").replaceWith(fresh);
}

function theTable() {
  const shown = columns(view.table);
  const said = allSaid(shown);
  const head = el("tr", {}, ...shown.map((column) =>
    el("th", { scope: "col", title: column.attribute?.type ?? "" }, column.title)));
  return el("table", { role: "grid", "aria-label": `Table ${view.table}`,
    on: { keydown: onKey, click: onClick, dblclick: onDoubleClick } },
  el("thead", {}, head),
  el("tbody", {}, ...rowsShown().map(({ row, index }) => theRow(row, index, shown, said))));
}

function theRow(row, index, shown, said) {
  const node = el("tr", { class: `${rowClass(row)} ${index === view.row ? "current" : ""}`,
    "data-row": row.id });
  node.append(...shown.map((column, at) =>
    theCell(row, index, column, at, said.get(`${row.id}\n${column.key}`) ?? [])));
  return node;
}

function theCell(row, index, column, at, said) {
  const text = cellText(row, column);
  const node = el("td", {
    role: column.kind === "id" ? "rowheader" : "gridcell", class: [column.kind, ...said.map((one) => one.kind)].join(" "),
    title: [text, ...said.map((one) => one.text)].join("\n"),
    tabIndex: index === view.row && at === view.column ? 0 : -1,
    "data-index": index, "data-column": at, "data-key": column.key,
    "aria-label": `${column.title}: ${text || "any"}`,
  }, text);
  if (said.some((one) => one.kind === "problem")) node.setAttribute("aria-invalid", "true");
  return node;
}

// The row one is in, to be read without walking to its last column.
function showSentence() {
  const row = rowHere();
  const shown = row ? columns(view.table) : [];
  const said = (kind) => shown.filter((column) => column.kind === kind && cellText(row, column))
    .map((column) => `${column.title} ${cellText(row, column)}`);
  byId("sentence").textContent = row
    ? `${row.id}: ${said("when").join(" and ") || "everybody"} → ${said("then").join(", ") || "nothing"}` : "";
}

// What the check and the explanation say, by row and column; of a column that is not shown, and of
// a row as a whole, at its id.
function allSaid(shown) {
  const keys = shown.map(({ key }) => key);
  const said = new Map();
  const say = (row, column, kind, text) => {
    const place = `${row}\n${keys.includes(column) ? column : "id"}`;
    said.set(place, [...(said.get(place) ?? []), { kind, text }]);
  };
  for (const mark of view.marks) {
    if (mark.table === view.table) say(mark.row, mark.column, mark.kind, mark.text);
  }
  if (view.table === "route") {
    for (const { row, column, why } of view.explained?.passed ?? []) say(row, column, "failed", why);
  }
  return said;
}

function rowClass(row) {
  if (!view.explained) return "";
  if (view.table !== "route") {
    const took = view.explained.collected.some((one) => one.table === view.table && one.row === row.id);
    return took ? "decides" : "later";
  }
  if (view.explained.row === row.id) return "decides";
  return view.explained.passed.some((one) => one.row === row.id) ? "" : "later";
}

export function open(id) {
  Object.assign(view, { table: id, row: 0, column: 0 });
  show();
}

// Whoever adds, moves or deletes means a row that is to be seen.
export function filterBy(text) {
  view.filter = text;
  const here = rowsShown().map(({ index }) => index);
  if (here.length && !here.includes(view.row)) [view.row] = here;
  for (const id of ["up", "down"]) byId(id).disabled = text !== "";
  show();
}

// Goes to a row, and to the cell where that is known.
export function goTo(place) {
  if (!place.table) return;
  view.table = place.table;
  byId("filter").value = "";
  filterBy("");
  view.row = Math.max(0, table(place.table).rows.findIndex((row) => row.id === place.row));
  const at = columns(place.table).findIndex((column) => column.key === place.column);
  view.column = Math.max(0, at);
  show();
  focusCell();
}

// ── Walking ─────────────────────────────────────────────────────────────────────────────────────

const cellAt = (row, column) =>
  byId("grid").querySelector(`td[data-index="${row}"][data-column="${column}"]`);

export function focusCell() {
  const cell = cellAt(view.row, view.column) ?? byId("grid").querySelector("td");
  if (!cell) return;
  takePlace(cell);
  cell.focus({ preventScroll: true });
  cell.scrollIntoView({ block: "nearest", inline: "nearest" });
}

function takePlace(cell) {
  for (const old of byId("grid").querySelectorAll("td[tabindex='0']")) old.tabIndex = -1;
  byId("grid").querySelector("tr.current")?.classList.remove("current");
  cell.tabIndex = 0;
  cell.parentNode.classList.add("current");
  Object.assign(view, { row: Number(cell.dataset.index), column: Number(cell.dataset.column) });
  showSentence();
}

function step(rows, cells) {
  const here = rowsShown().map(({ index }) => index);
  const at = Math.max(0, here.indexOf(view.row));
  const last = columns(view.table).length - 1;
  view.row = here[Math.max(0, Math.min(here.length - 1, at + rows))] ?? 0;
  view.column = Math.max(0, Math.min(last, view.column + cells));
  focusCell();
}

const KEYS = {
  ArrowUp: () => step(-1, 0), ArrowDown: () => step(1, 0),
  ArrowLeft: () => step(0, -1), ArrowRight: () => step(0, 1),
  Home: () => step(0, -Infinity), End: () => step(0, Infinity),
  PageUp: () => step(-10, 0), PageDown: () => step(10, 0),
  Enter: () => editHere(), F2: () => editHere(),
  Delete: () => clearHere(), Backspace: () => clearHere(),
};

function onKey(event) {
  if (event.target.tagName !== "TD") return;
  if (event.altKey && event.key === "ArrowUp") move(-1);
  else if (event.altKey && event.key === "ArrowDown") move(1);
  else if (event.ctrlKey || event.metaKey || event.altKey) return;
  else if (KEYS[event.key]) KEYS[event.key]();
  else if (event.key.length === 1 && isText(columnHere())) editHere(event.key);
  else return;
  event.preventDefault();
}

document.addEventListener("keydown", (event) => {
  const editsText = ["INPUT", "TEXTAREA"].includes(event.target.tagName);
  if (editsText || isOpen() || !(event.ctrlKey || event.metaKey)) return;
  if (event.key.toLowerCase() === "z") (event.shiftKey ? redo : undo)();
  else if (event.key.toLowerCase() === "y") redo();
  else return;
  event.preventDefault();
});

function onClick(event) {
  const cell = event.target.closest("td");
  if (!cell) return;
  takePlace(cell);
  cell.focus();
}

function onDoubleClick(event) {
  if (event.target.closest("td")) editHere();
}

// ── Changing ────────────────────────────────────────────────────────────────────────────────────

const columnHere = () => columns(view.table)[view.column];
const rowHere = () => table(view.table).rows[view.row];
const isText = (column) => column.kind === "id" || column.kind === "note";

function editHere(typed) {
  if (!rowHere()) return;
  const cell = cellAt(view.row, view.column);
  edit(cell, rowHere(), columnHere(), () => { show(); focusCell(); }, typed);
}

function clearHere() {
  const column = columnHere();
  if (rowHere() && column.kind !== "id" && column.key !== "then.do") {
    change(() => put(rowHere(), column, undefined));
  }
}

export function addRow() {
  const then = view.table === "route" ? { do: "queue" } : {};
  insert({ id: freeId("new-row"), when: {}, then });
}

export function duplicate() {
  if (!rowHere()) return;
  insert({ ...structuredClone(rowHere()), id: freeId(`${rowHere().id}-copy`) });
}

// Above the row one is in: the last row of a deciding table matches everybody.
function insert(row) {
  change(() => table(view.table).rows.splice(view.row, 0, row));
  view.column = 0;
  show();
  focusCell();
}

export function remove() {
  if (!rowHere()) return;
  change(() => table(view.table).rows.splice(view.row, 1));
  view.row = Math.max(0, Math.min(view.row, table(view.table).rows.length - 1));
  show();
  focusCell();
}

export function move(by) {
  const { rows } = table(view.table);
  const to = view.row + by;
  if (view.filter || to < 0 || to >= rows.length) return;
  change(() => rows.splice(to, 0, ...rows.splice(view.row, 1)));
  view.row = to;
  show();
  focusCell();
}
