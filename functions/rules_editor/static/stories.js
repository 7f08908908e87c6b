// Stories: what must stay true whatever is changed. Each shows whether it is kept.

import { checked } from "./check.js";
import { button, el, field, fill, select } from "./elements.js";
import { attributes, change, rules } from "./rules.js";

const EXPECTED = ["row", "do", "queue", "priority", "prompts", "last_agent", "views", "flags"];

const stories = () => rules.document?.tests ?? [];

export function showStories(panel) {
  fill(panel, el("h2", {}, "Stories"),
    el("p", { class: "small" },
      "What must stay true whatever is changed. Rules that break one cannot be published."),
    ...stories().map(storyOf),
    button("Add story", () => addStory(panel)));
  refreshMarks(panel);
}

// While somebody types, only the marks are renewed.
export function refreshStories(panel) {
  const isTyped = ["INPUT", "SELECT"].includes(document.activeElement.tagName) &&
    panel.contains(document.activeElement);
  if (isTyped) refreshMarks(panel);
  else redraw(panel);
}

function redraw(panel) {
  const opened = [...panel.querySelectorAll("details")].map((one) => one.open);
  showStories(panel);
  panel.querySelectorAll("details").forEach((one, at) => { one.open = opened[at] ?? false; });
}

function refreshMarks(panel) {
  const results = new Map(checked.stories.map((story) => [story.name, story]));
  panel.querySelectorAll("details").forEach((node, at) => {
    const story = stories()[at];
    const result = checked.is_current ? results.get(story?.name) : undefined;
    const mark = result ? (result.is_kept ? "✓" : "✗") : "…";
    node.querySelector("summary").textContent = `${mark} ${story?.name}`;
    node.querySelector(".result").textContent = result?.text ?? "";
  });
}

function storyOf(story, at) {
  const node = el("details", {}, el("summary", {}, story.name), el("p", { class: "small result" }));
  const form = el("div", {});
  node.append(form);
  const draw = () => fill(form, ...storyForm(at, draw));
  node.addEventListener("toggle", () => { if (node.open) draw(); });
  return node;
}

function storyForm(at, draw) {
  const story = stories()[at];
  const edit = (act) => change((document) => act(document.tests[at]));
  const part = (key, names) => pairs(story[key] ?? {}, names,
    (act) => edit((one) => act(one[key] ??= {})), draw);
  return [
    el("div", { class: "form" },
      el("label", {}, "name"), field("name", story.name, typed((text) => edit((one) => { one.name = text; }))),
      el("label", {}, "at"), field("at", story.at, { placeholder: "2026-12-25 10:00",
        ...typed((text) => edit((one) => { if (text) one.at = text; else delete one.at; })) })),
    el("h3", {}, "Given"), part("given", Object.keys(attributes())),
    el("h3", {}, "Expect"), part("expect", EXPECTED),
    button("Delete story", () => change((document) => document.tests.splice(at, 1))),
  ];
}

const typed = (act) => ({ on: { change: (event) => act(event.target.value.trim()) } });

// Names and values, one line each; the last line adds one.
function pairs(values, names, edit, draw) {
  const put = (name, text) => edit((one) => { one[name] = read(name, text); });
  const take = (name) => { edit((one) => delete one[name]); draw(); };
  const lines = Object.entries(values).flatMap(([name, value]) => [
    el("label", {}, name.replaceAll("_", " ")),
    el("span", { class: "inline" }, field(name, written(value), typed((text) => put(name, text))),
      button("✕", () => take(name), { "aria-label": `Take ${name} out` })),
  ]);
  const rest = names.filter((name) => !(name in values));
  const more = select("more", [["", "add…"], ...rest], "", (name) => { put(name, ""); draw(); });
  return el("div", { class: "form" }, ...lines, el("label", {}, "more"), more);
}

const isList = (name) =>
  ["prompts", "views", "flags"].includes(name) || attributes()[name]?.type === "set";

const read = (name, text) =>
  (isList(name) ? text.split(",").map((word) => word.trim()).filter(Boolean) : text);

const written = (value) => (Array.isArray(value) ? value.join(", ") : String(value ?? ""));

export function openStory(panel, name) {
  const at = stories().findIndex((story) => story.name === name);
  const node = panel.querySelectorAll("details")[at];
  if (!node) return;
  node.open = true;
  node.querySelector("summary").focus();
  node.scrollIntoView({ block: "nearest" });
}

function addStory(panel) {
  change((document) => (document.tests ??= []).push(
    { name: `story ${stories().length + 1}`, given: {}, expect: { row: "" } }));
  redraw(panel);
  const added = panel.querySelector("details:last-of-type");
  added.open = true;
  added.querySelector("summary").focus();
}
