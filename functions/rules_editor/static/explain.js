// Who would go where: a made-up contact, the row that decides, and why no earlier one did.

import { ask } from "./api.js";
import { UNITS } from "./cells.js";
import { outcomeText } from "./columns.js";
import { button, byId, el, field, fill, select, ticks } from "./elements.js";
import { goTo, show, view } from "./grid.js";
import { attributes, change, rules } from "./rules.js";

const made = { given: {}, at: "" };
let asking = 0;

export function showExplain(panel) {
  const form = el("div", { class: "form" }, ...Object.entries(attributes()).flatMap(([name, attribute]) =>
    [el("label", {}, name.replaceAll("_", " ")), factField(name, attribute)]),
  el("label", {}, "at"), field("at", made.at, { placeholder: "2026-12-25 10:00",
    on: { change: (event) => { made.at = event.target.value.trim(); } } }));
  // After the fields' own listeners: each change of a fact is explained at once.
  form.addEventListener("change", explain);
  fill(panel, el("h2", {}, "Explain"),
    el("p", { class: "small" }, "Make up a contact. What you leave open is not known of it."),
    el("div", { class: "inline" }, button("Explain", explain, { class: "main", id: "explain" }),
      button("Clear", () => { forget(); showExplain(panel); })),
    el("div", { id: "decided", "aria-live": "polite" }), form, el("div", { id: "explained" }));
  showAnswer();
}

function forget() {
  made.given = {};
  made.at = "";
  clearExplained();
}

// A change makes an explanation old.
export function clearExplained() {
  if (!view.explained) return;
  view.explained = null;
  show();
  if (byId("decided")) showAnswer();
}

function factField(name, attribute) {
  const say = (value) => {
    if (value === "" || value?.length === 0) delete made.given[name];
    else made.given[name] = value;
  };
  const value = made.given[name];
  switch (attribute.type) {
    case "flag": return select(name, [["", ""], "true", "false"], value, say);
    case "choice": return select(name, [["", ""], ...attribute.values ?? [],
      ["(other)", "another value"]], value, say);
    case "set": return setField(name, attribute, value, say);
    case "instant": return instantField(name, value, say);
    default: return field(name, value, { type: "number", step: "any",
      on: { change: (event) => say(event.target.value) } });
  }
}

function setField(name, attribute, value, say) {
  const boxes = ticks(name, attribute.values ?? [], value ?? []);
  boxes.node.addEventListener("change", () => say(boxes.ticked()));
  return boxes.node;
}

// How long ago something was; stories and the command line write it as -2d.
function instantField(name, value, say) {
  const [, ago, unit] = (value ?? "").match(/^-(.*)(.)$/) ?? ["", "", "d"];
  const number = field(`${name}, how long ago`, ago, { type: "number", min: 0, step: "any" });
  const units = select(`${name}, unit`, UNITS, unit);
  const node = el("span", { class: "inline" }, number, units, "ago");
  node.addEventListener("change", () => say(number.value && `-${number.value}${units.value}`));
  return node;
}

async function explain() {
  const asked = asking += 1;
  let answer;
  try {
    answer = await ask("explain", { document: rules.document, given: made.given, at: made.at });
  } catch (refused) {
    fill(byId("decided"), el("p", { role: "alert" }, refused.message));
    return;
  }
  if (asked !== asking || !byId("decided")) return;
  view.explained = answer;
  show();
  showAnswer();
}

function showAnswer() {
  if (!view.explained) {
    fill(byId("decided"));
    fill(byId("explained"));
    return;
  }
  const { row, because, then, passed, collected } = view.explained;
  fill(byId("decided"),
    el("p", {}, "Decided by ", button(row, () => goTo({ table: "route", row }), { class: "link" })),
    el("p", { class: "small" }, because));
  fill(byId("explained"), el("h3", {}, "What happens"),
    el("dl", { class: "form" }, ...Object.entries(then).flatMap(([name, value]) =>
      [el("dt", {}, name.replaceAll("_", " ")), el("dd", {}, outcomeText(name, value))])),
    collected.length ? el("p", { class: "small" },
      `Also matched: ${collected.map((one) => one.row).join(", ")}`) : null,
    button("Keep as a story", () => keepAsStory(row)),
    passed.length ? el("h3", {}, "Why no earlier row") : null,
    el("ol", { class: "list" }, ...passed.map((one) => el("li", {},
      button(one.row, () => goTo({ ...one, table: "route" }), { class: "link" }), `: ${one.why}`))));
}

function keepAsStory(row) {
  const given = structuredClone(made.given);
  const name = `${row}: ${Object.entries(given).map((pair) => pair.join(" ")).join(", ")}`;
  const story = { name: name.slice(0, 80), given, expect: { row } };
  if (made.at) story.at = made.at;
  change((document) => (document.tests ??= []).push(story));
}
