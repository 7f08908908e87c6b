// The little form over one cell: made of the attribute's type, or of what the outcome may be.

import { button, el, field, fill, orderedList, select, ticks } from "./elements.js";
import { choicesFor, put } from "./columns.js";
import { change, named } from "./rules.js";
import { UNITS, formsOf, lackOf, readCell, textOf, writeCell } from "./cells.js";

let open = null;

// Opens over `cell`. Enter or a click elsewhere keeps what the form says, Escape does not.
export function edit(cell, row, column, done, typed) {
  keep();
  if (open) return;
  const form = formFor(row, column, typed);
  const node = el("div", { class: "editor", role: "dialog", "aria-label": labelOf(row, column) },
    el("strong", {}, labelOf(row, column)), form.node, el("p", { role: "alert" }),
    el("div", { class: "inline" },
      button("OK", () => keep(), { class: "main" }), button("Cancel", () => close())));
  open = { node, row, column, done, form };
  node.addEventListener("keydown", onKey);
  document.body.append(node);
  putUnder(node, cell);
  (node.querySelector("select, input") ?? node.querySelector("button")).focus();
}

export const isOpen = () => open !== null;

// Takes over what the open form says, if one is open and says something.
export function keep() {
  if (!open) return;
  const { node, row, column, form } = open;
  const lack = form.lack?.();
  if (lack) {
    node.querySelector("[role=alert]").textContent = lack;
    return;
  }
  change(() => put(row, column, form.value()));
  close();
}

function close() {
  const { node, done } = open;
  open = null;
  node.remove();
  done();
}

// A click elsewhere keeps what the form says. While it says nothing, the click goes nowhere.
for (const kind of ["pointerdown", "click"]) document.addEventListener(kind, onElsewhere, true);

function onElsewhere(event) {
  if (!open || open.node.contains(event.target)) return;
  keep();
  if (!open) return;
  event.preventDefault();
  event.stopPropagation();
}

function onKey(event) {
  if (event.key === "Escape") close();
  else if (event.key === "Enter" && event.target.tagName !== "BUTTON") keep();
  else return;
  event.preventDefault();
  event.stopPropagation();
}

function putUnder(node, cell) {
  const at = cell.getBoundingClientRect();
  const size = node.getBoundingClientRect();
  node.style.left = `${Math.max(4, Math.min(at.left, innerWidth - size.width - 8))}px`;
  node.style.top = `${Math.max(4, Math.min(at.bottom, innerHeight - size.height - 8))}px`;
}

const labelOf = (row, column) => `${row.id}: ${column.title}`;

function formFor(row, column, typed) {
  if (column.kind === "when") return conditionForm(column.attribute, row.when?.[column.name]);
  if (column.kind === "then") return outcomeForm(column.name, row.then?.[column.name]);
  const input = field(column.title, typed ?? textOf(row[column.key]));
  return { node: input, value: () => input.value.trim() };
}

// ── Conditions ──────────────────────────────────────────────────────────────────────────────────

export function conditionForm(attribute, raw) {
  let shown = { words: [], unit: "d", ...readCell(attribute, raw) };
  const details = el("div", { class: "inline" });
  const parts = { read: () => ({}) };
  const pick = select("condition", formsOf(attribute), shown.form, (form) => {
    shown = { ...shown, ...parts.read(), form };
    showDetails();
  });
  const showDetails = () => {
    const made = detailsOf(attribute, shown, textOf(raw));
    parts.read = made.read;
    fill(details, ...made.nodes);
  };
  showDetails();
  const said = () => ({ ...shown, ...parts.read(), form: pick.value });
  return {
    node: el("div", {}, pick, details),
    value: () => writeCell(said()),
    lack: () => lackOf(said()),
  };
}

function detailsOf(attribute, shown, text) {
  const { form } = shown;
  if (form === "text") return one(field("text", shown.text ?? text), (input) => ({ text: input.value }));
  if (form === "is" || form === "not" || form.startsWith("has ")) {
    const boxes = ticks("values", attribute.values ?? [], shown.words);
    return { nodes: [boxes.node], read: () => ({ words: boxes.ticked() }) };
  }
  if (form === "within" || form === "older than") return durationOf(shown);
  if (form === "..") return betweenOf(attribute, shown);
  if (/^[<>=]/.test(form)) return comparedOf(attribute, shown);
  return { nodes: [], read: () => ({}) };
}

const one = (input, read) => ({ nodes: [input], read: () => read(input) });

const number = (label, value) => field(label, value ?? "", { type: "number", step: "any" });

function durationOf(shown) {
  const low = number("how long", shown.low);
  const unit = select("unit", UNITS, shown.unit);
  return { nodes: [low, unit], read: () => ({ low: low.value, unit: unit.value }) };
}

function comparedOf(attribute, shown) {
  const low = number("number", shown.low);
  return { nodes: [low, unitOf(attribute)], read: () => ({ low: low.value }) };
}

const unitOf = (attribute) => (attribute.unit ? el("span", { class: "unit" }, attribute.unit) : null);

function betweenOf(attribute, shown) {
  const low = number("from", shown.low);
  const high = number("to", shown.high);
  return { nodes: [low, " to ", high, unitOf(attribute)], read: () => ({ low: low.value, high: high.value }) };
}

// ── Outcomes ────────────────────────────────────────────────────────────────────────────────────

function outcomeForm(name, value) {
  if (name === "priority") return priorityForm(value);
  if (name === "prompts") return promptsForm(value);
  if (name === "views" || name === "flags") {
    const list = orderedList(name, named(name), value ?? []);
    return { node: list.node, value: () => (list.chosen().length ? list.chosen() : undefined) };
  }
  const options = choicesFor[name]?.();
  const input = options ? select(name, options, textOf(value)) : field(name, textOf(value));
  return { node: input, value: () => input.value.trim() };
}

// Prompts may be left to the tables that collect them, be none, or be said here.
function promptsForm(value) {
  const form = value === undefined ? "collected" : value.length ? "said" : "none";
  const list = orderedList("prompts", named("prompts"), value ?? []);
  const pick = select("which prompts", [["collected", "those of the tables"], ["none", "none"],
    ["said", "these:"]], form, () => show());
  const show = () => { list.node.hidden = pick.value !== "said"; };
  show();
  const answers = { collected: () => undefined, none: () => [], said: () => list.chosen() };
  return { node: el("div", {}, pick, list.node), value: () => answers[pick.value]() };
}

function priorityForm(value) {
  const rises = value !== null && typeof value === "object";
  const classes = named("priority_classes");
  const text = rises ? "" : textOf(value);
  const form = rises ? "rising" : text === "" ? "none" : classes.includes(text) ? text : "points";
  const points = number("points", text);
  const rising = [["start", value?.start ?? 0], ["gain_per_min", value?.gain_per_min ?? 1],
    ["max", value?.max ?? ""]].map(([key, said]) => [key, number(key.replaceAll("_", " "), said)]);
  const pick = select("priority", [["none", "none"], ["points", "points"], ["rising", "rising points"],
    ...classes], form, () => show());
  const plain = el("div", {}, "points ", points);
  const steps = el("div", { class: "form" }, ...rising.flatMap(([key, input]) =>
    [el("label", {}, key.replaceAll("_", " ")), input]));
  const show = () => { plain.hidden = pick.value !== "points"; steps.hidden = pick.value !== "rising"; };
  show();
  return {
    node: el("div", {}, pick, plain, steps),
    value: () => priorityOf(pick.value, points, rising),
    lack: () => (hasNoNumber(pick.value, points, rising) ? "A number is missing here. For no head start, take “none”." : ""),
  };
}

const hasNoNumber = (form, points, rising) => (form === "points" && points.value === "") ||
  (form === "rising" && rising.every(([, input]) => input.value === ""));

function priorityOf(form, points, rising) {
  if (form === "none") return undefined;
  if (form === "points") return points.value;
  if (form !== "rising") return form;
  return Object.fromEntries(rising.filter(([, input]) => input.value !== "")
    .map(([key, input]) => [key, input.value]));
}
