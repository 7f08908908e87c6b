// The editing page: loads the published rules, and joins grid and panels.

import { ask } from "./api.js";
import { checkSoon, isPublishable, onChecked, onStory, showCheck, summary } from "./check.js";
import { button, byId, fill } from "./elements.js";
import { clearExplained, showExplain } from "./explain.js";
import * as grid from "./grid.js";
import { forgetReplay, showReplay } from "./replay.js";
import { isChanged, load, onChange, redo, rules, undo } from "./rules.js";
import { openStory, refreshStories, showStories } from "./stories.js";
import { showSwitches, watchSwitches } from "./switches.js";
import { forgetSaid, refreshPublish, showFiles, showPublish, showVersions } from "./versions.js";

// How a panel is drawn, and what it does when the rules or what is known of them changed.
const PANELS = {
  Check: { draw: showCheck, refresh: showCheck },
  Stories: { draw: showStories, refresh: refreshStories },
  Explain: { draw: showExplain },
  Replay: { draw: showReplay },
  Publish: { draw: showPublish, refresh: refreshPublish },
  Versions: { draw: showVersions },
  Switches: { draw: showSwitches },
  Files: { draw: showFiles },
};
let panel = "Check";

async function start() {
  onChange(changed);
  onChecked(refresh);
  onStory((name) => { openPanel("Stories"); openStory(byId("panel"), name); });
  listen();
  try {
    const answer = await ask("document");
    if (!answer.document.tables) throw new Error("The published rules cannot be shown here; publish good ones by command.");
    load(answer);
    await watchSwitches();
  } catch (refused) {
    complain(refused.message);
  }
}

function changed() {
  clearExplained();
  forgetReplay();
  grid.show();
  showHead();
  checkSoon();
}

function refresh() {
  showHead();
  PANELS[panel].refresh?.(byId("panel"));
}

function openPanel(name) {
  panel = name;
  forgetSaid();
  showPanels();
  byId("panel").setAttribute("aria-label", name);
  PANELS[name].draw(byId("panel"));
}

function showPanels() {
  fill(byId("panels"), ...Object.keys(PANELS).map((name) => button(name, () => openPanel(name),
    { role: "tab", id: `panel-${name}`, "aria-selected": String(name === panel), "aria-controls": "panel" })));
}

function showHead() {
  byId("ruleset-name").textContent = rules.document.name ?? "";
  byId("version").textContent = rules.digest;
  byId("operator").textContent = rules.operator.name + (rules.operator.may_publish ? "" : " (may only look)");
  byId("unsaved").hidden = !isChanged();
  byId("undo").disabled = !rules.undos.length;
  byId("redo").disabled = !rules.redos.length;
  byId("summary").textContent = summary();
  byId("summary").className = isPublishable() ? "" : "bad";
}

function listen() {
  const acts = { undo, redo, add: grid.addRow, duplicate: grid.duplicate, delete: grid.remove,
    up: () => grid.move(-1), down: () => grid.move(1), wide: togglePanels, leave };
  for (const [id, act] of Object.entries(acts)) byId(id).addEventListener("click", () => act());
  byId("filter").addEventListener("input", () => grid.filterBy(byId("filter").value));
  addEventListener("beforeunload", (event) => {
    if (rules.document && isChanged()) event.preventDefault();
  });
  openPanel(panel);
}

function togglePanels() {
  const isWide = document.body.classList.toggle("wide");
  byId("wide").textContent = isWide ? "Show panels" : "Hide panels";
  byId("wide").setAttribute("aria-pressed", String(isWide));
}

// The browser itself asks before what is not published is lost.
function leave() {
  location.href = "leave";
}

function complain(message) {
  byId("message").textContent = message;
  byId("message").hidden = false;
}

start();
