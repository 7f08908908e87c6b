// The check: asked again a moment after every change, shown in its panel and in the grid.

import { ask } from "./api.js";
import { button, el, fill } from "./elements.js";
import { goTo, show, view } from "./grid.js";
import { rules } from "./rules.js";

const PATIENCE_MS = 400;

export const checked = { is_current: false, problems: [], warnings: [], stories: [], failed: "" };

let waiting = 0;
let listener = () => {};
let storyOpener = () => {};

export const onChecked = (act) => { listener = act; };

// How a line about a story leads to it.
export const onStory = (act) => { storyOpener = act; };

export function checkSoon() {
  checked.is_current = false;
  listener();
  clearTimeout(waiting);
  waiting = setTimeout(checkNow, PATIENCE_MS);
}

export async function checkNow() {
  const asked = JSON.stringify(rules.document);
  let answer;
  try {
    answer = { failed: "", ...await ask("check", { document: rules.document }) };
  } catch (refused) {
    answer = { problems: [], warnings: [], stories: [], failed: refused.message };
  }
  if (asked !== JSON.stringify(rules.document)) return; // a newer change asks for itself
  Object.assign(checked, answer, { is_current: !answer.failed });
  view.marks = [...answer.problems.map((one) => ({ ...one, kind: "problem" })),
    ...answer.warnings.map((one) => ({ ...one, kind: "warning" }))];
  show();
  listener();
}

export const isPublishable = () => checked.is_current && checked.problems.length === 0;

export function summary() {
  if (checked.failed) return checked.failed;
  if (!checked.is_current) return "checking…";
  const broken = checked.stories.filter((story) => !story.is_kept).length;
  const said = [counted(checked.problems.length, "problem"), counted(checked.warnings.length, "warning")];
  // Rules that cannot be read have no stories to keep.
  if (checked.stories.length) said.push(`${checked.stories.length - broken} of ${checked.stories.length} stories kept`);
  return said.join(" · ");
}

const counted = (number, what) => `${number} ${what}${number === 1 ? "" : "s"}`;

export function showCheck(panel) {
  fill(panel, el("h2", {}, "Check"),
    el("p", {}, summary()),
    listOf(checked.problems, "bad"), listOf(checked.warnings, "warn"),
    isPublishable() ? el("p", {}, "These rules can be published.") : null);
}

function listOf(findings, kind) {
  return el("ul", { class: "list" }, ...findings.map((finding) =>
    el("li", { class: kind }, leading(finding), following(finding.follows ?? [], kind))));
}

function leading(finding) {
  if (finding.table) return button(finding.text, () => goTo(finding), { class: "link" });
  if (finding.story) return button(finding.text, () => storyOpener(finding.story), { class: "link" });
  return finding.text;
}

function following(findings, kind) {
  if (!findings.length) return null;
  return el("details", {}, el("summary", {}, `${counted(findings.length, "line")} that will go with it`),
    listOf(findings, kind));
}
