// Publishing, earlier versions, and files to take along.

import { ask } from "./api.js";
import { button, byId, download, el, field, fill, select } from "./elements.js";
import { checkNow, isPublishable, summary } from "./check.js";
import { forgetColumns } from "./columns.js";
import { view } from "./grid.js";
import { change, isChanged, load, published, rolledBack, rules } from "./rules.js";
import { moment } from "./switches.js";

let said = null;
// What somebody wrote for those who come later stays, whatever is drawn again, until it is published.
let note = "";

export function showPublish(panel) {
  const wording = field("Note", note, { id: "note", maxLength: 300, placeholder: "what and why, for those who come later",
    on: { input: (event) => { note = event.target.value; } } });
  const publish = button("Publish", () => publishNow(panel), { class: "main", id: "publish" });
  fill(panel, el("h2", {}, "Publish"),
    el("p", { id: "publish-hint" }),
    el("div", { class: "form" }, el("label", { htmlFor: "note" }, "Note"), wording),
    el("div", { class: "inline" }, publish,
      comparing()),
    el("div", { id: "said", "aria-live": "polite" }), difference());
  if (said) fill(byId("said"), ...said());
  refreshPublish();
}

// Leaves alone the note that somebody may be typing.
export function refreshPublish() {
  byId("publish").disabled = !rules.operator.may_publish || !isPublishable() || !isChanged();
  byId("publish-hint").textContent = hint();
}

// A panel that is drawn again keeps what it said last.
function say(nodes) {
  said = nodes;
  if (byId("said")) fill(byId("said"), ...nodes());
}

export const forgetSaid = () => { said = null; };

function hint() {
  if (!rules.operator.may_publish) return "Your link lets you look and try, not publish.";
  if (!isChanged()) return "Nothing is changed yet.";
  return isPublishable() ? "Functions pick it up within seconds, without a deployment." : summary();
}

async function publishNow(panel) {
  const sent = structuredClone(rules.document);
  try {
    const done = await ask("publish", { document: sent, note, expected: rules.digest });
    said = () => [el("p", {}, `Published as ${done.digest}. Callers are routed by it within seconds.`)];
    note = "";
    published(sent, done);
  } catch (refused) {
    const meanwhile = refused.answer?.meanwhile;
    said = () => [el("p", { role: "alert" }, refused.message), ...(meanwhile ? conflict(panel, meanwhile) : [])];
    if (refused.answer?.problems) checkNow();
  }
  if (byId("publish")) showPublish(panel);
}

function conflict(panel, theirs) {
  const { digest, by, published_at } = theirs;
  return [el("p", {}, `${by || "Somebody"} published ${digest} at ${moment(published_at)}: ${theirs.note || "no note"}`),
    el("div", { class: "inline" },
      button("Compare with mine", () => compare(digest)),
      button("Take theirs, drop mine", () => reload(panel)),
      button("Keep mine, publish over theirs", () => { rules.digest = digest; publishNow(panel); }))];
}

// Where the difference stands: under what was said, which may ask for a decision.
const difference = () => el("div", { id: "difference", "aria-live": "polite" });

async function compare(digest) {
  let shown;
  try {
    const { lines } = await ask("compare", { document: rules.document, digest });
    shown = [el("h3", {}, `From ${digest} to these rules`),
      lines.length ? el("pre", {}, lines.join("\n")) : el("p", {}, "No difference.")];
  } catch (refused) {
    shown = [el("p", { role: "alert" }, refused.message), ...problemsOf(refused)];
  }
  if (byId("difference")) fill(byId("difference"), ...shown);
}

async function reload(panel) {
  forgetColumns();
  said = null;
  note = "";
  load(await ask("document"));
  showPublish(panel);
}

// ── Versions ────────────────────────────────────────────────────────────────────────────────────

export async function showVersions(panel) {
  const list = el("ul", { class: "list" });
  fill(panel, el("h2", {}, "Versions"), list, el("div", { id: "said", "aria-live": "polite" }), difference());
  try {
    const { versions } = await ask("versions");
    const active = versions[0]?.digest || rules.digest;
    fill(list, ...versions.map((version, at) => versionOf(version, at === 0, active, panel)));
  } catch (refused) {
    fill(list, el("li", { class: "bad", role: "alert" }, refused.message));
  }
}

function versionOf(version, isActive, active, panel) {
  const back = button("Roll back to this", () => askTwice(back, () => rollBack(panel, version.digest, active)));
  back.disabled = !rules.operator.may_publish;
  return el("li", { class: isActive ? "good" : "" },
    el("div", {}, el("strong", {}, version.digest || "withdrawn"), isActive ? " is active" : ""),
    el("div", { class: "small" }, `${moment(version.published_at)} ${version.by}: ${version.note || "no note"}`),
    version.digest ? el("div", { class: "inline" },
      button("Compare with mine", () => compare(version.digest)),
      button("Edit this one", () => takeUp(version.digest)), isActive ? null : back) : null);
}

// The second click does it.
function askTwice(button, act) {
  if (button.dataset.asked) act();
  button.dataset.asked = "yes";
  button.textContent = "Yes, route callers by this";
}

// `active` is what the list shows as active, which may be a colleague's and newer than the page.
async function rollBack(panel, digest, active) {
  try {
    const answer = await ask("rollback", { digest, expected: active });
    forgetColumns();
    rolledBack(answer);
    await showVersions(panel);
    if (isChanged()) say(() => [el("p", { role: "alert" }, KEPT), comparing()]);
  } catch (refused) {
    say(() => [el("p", { role: "alert" }, refused.message)]);
  }
}

const KEPT = "Your changes are still here, not published. They were made from other rules: compare before you publish them.";

const comparing = () =>
  button("Compare with what is published", () => compare(rules.digest));

// An earlier version becomes what is edited, as a change that can be undone.
async function takeUp(digest) {
  try {
    const { document } = await ask("version", { digest });
    change(() => { rules.document = document; });
  } catch (refused) {
    say(() => [el("p", { role: "alert" }, refused.message)]);
  }
}

// ── Files ───────────────────────────────────────────────────────────────────────────────────────

export function showFiles(panel) {
  const tables = rules.document.tables.map((one) => one.id);
  const pick = select("Table", tables, view.table);
  const file = el("input", { type: "file", accept: ".csv,.txt,text/csv", "aria-label": "CSV file", id: "csv-file" });
  fill(panel, el("h2", {}, "Files"),
    el("p", { class: "small" }, "YAML is the whole ruleset; CSV is one table, for a spreadsheet, and can come back."),
    el("div", { class: "inline" }, button("Export YAML", () => exported({ as: "yaml" }))),
    el("h3", {}, "CSV"), el("div", { class: "form" }, el("label", {}, "table"), pick),
    el("div", { class: "inline" }, button("Export CSV", () => exported({ as: "csv", table: pick.value }))),
    el("h3", {}, "CSV back into this table"), file,
    button("Import CSV", () => imported(pick.value, file.files[0])),
    el("div", { id: "said", "aria-live": "polite" }));
}

async function exported(what) {
  try {
    const { name, text } = await ask("export", { document: rules.document, ...what });
    download(name, text);
    say(() => [el("p", {}, `Saved ${name}.`)]);
  } catch (refused) {
    say(() => refusal(refused));
  }
}

async function imported(table, file) {
  if (!file) {
    say(() => [el("p", { role: "alert" }, "Choose a CSV file first.")]);
    return;
  }
  try {
    const { document } = await ask("import", { document: rules.document, table, text: await file.text() });
    change(() => { rules.document = document; });
    say(() => [el("p", {}, "Taken in. Undo takes it out again; nothing is published yet.")]);
  } catch (refused) {
    say(() => refusal(refused));
  }
}

const refusal = (refused) => [el("p", { role: "alert" }, refused.message), ...problemsOf(refused)];

const problemsOf = (refused) => [el("ul", { class: "list" },
  ...(refused.answer?.problems ?? []).map((line) => el("li", { class: "bad" }, line)))];
