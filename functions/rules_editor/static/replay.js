// What these rules would have done to contacts that were recorded: asked on demand, bounded.

import { ask } from "./api.js";
import { button, el, fill, select } from "./elements.js";
import { goTo } from "./grid.js";
import { rules, table } from "./rules.js";

let last = null;

export function showReplay(panel) {
  const days = select("How far back", [["1", "the last day"], ["7", "the last 7 days"],
    ["30", "the last 30 days"]], "7");
  const answer = el("div", { "aria-live": "polite" });
  const run = button("Replay", () => replay(days.value, answer, run), { class: "main" });
  fill(panel, el("h2", {}, "Replay"),
    el("p", { class: "small" },
      "Decides recorded contacts again, by the published rules and by these, and compares."),
    el("div", { class: "inline" }, days, run), answer);
  if (last) showAnswer(answer);
}

export const forgetReplay = () => { last = null; };

async function replay(days, answer, run) {
  run.disabled = true;
  fill(answer, el("p", {}, "Replaying…"));
  try {
    last = await ask("replay", { document: rules.document, days: Number(days) });
    showAnswer(answer);
  } catch (refused) {
    fill(answer, el("p", { role: "alert" }, refused.message));
  }
  run.disabled = false;
}

function showAnswer(answer) {
  if (!last.contacts) {
    fill(answer, el("p", {}, "No decided contact was recorded in this time. Choose a longer one."));
    return;
  }
  fill(answer,
    el("p", {}, el("strong", {}, `${last.differently} of ${last.contacts}`), " would be decided differently",
      last.is_part ? `; the replay stopped at ${last.contacts} contacts.` : "."),
    readAnew(),
    notRecorded(),
    moves("By row", last.rows, (move) => move.old !== move.new || move.differently),
    moves("By queue", last.queues, (move) => move.old !== move.new),
    moves("By prompts", last.prompts, (move) => move.old !== move.new),
    last.examples.length ? el("h3", {}, "Examples") : null,
    el("ul", { class: "list" }, ...last.examples.map(exampleOf)));
}

function readAnew() {
  const names = Object.keys(last.read_anew);
  if (!names.length) return null;
  return el("p", { class: "small" }, `Hours were read anew from the new calendars: ${names.join(", ")}`);
}

function notRecorded() {
  const names = Object.entries(last.not_recorded);
  if (!names.length) return null;
  const said = names.map(([name, contacts]) => `${name} (${contacts})`).join(", ");
  return el("p", { class: "small" }, `Not recorded, so taken as missing: ${said}`);
}

function moves(title, all, isShown) {
  const shown = all.filter(isShown);
  if (!shown.length) return null;
  const line = (move) => el("tr", {}, el("td", {}, move.old || "none"), el("td", {}, rowLink(move.new)),
    el("td", { class: "number" }, String(move.contacts)));
  return el("div", {}, el("h3", {}, title), el("table", {},
    el("thead", {}, el("tr", {}, ...["published", "these rules", "contacts"].map((name) =>
      el("th", { scope: "col" }, name)))),
    el("tbody", {}, ...shown.map(line))));
}

function rowLink(name) {
  const isRow = table("route").rows.some((row) => row.id === name);
  return isRow ? button(name, () => goTo({ table: "route", row: name }), { class: "link" }) : name || "none";
}

const exampleOf = (example) => el("li", {},
  el("div", { class: "small" }, `${example.at}: ${example.differs.join(", ")}`),
  el("div", {}, `published: ${example.old.because}`), el("div", {}, `these rules: ${example.new.because}`));
