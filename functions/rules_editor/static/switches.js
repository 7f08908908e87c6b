// Emergency switches: data of their own, at once, without publishing anything.

import { ask } from "./api.js";
import { button, byId, el, field, fill, select } from "./elements.js";
import { rules } from "./rules.js";

export async function showSwitches(panel) {
  fill(panel, el("h2", {}, "Switches"), el("p", {}, "…"));
  await draw(panel, () => ask("switches"));
}

async function draw(panel, action) {
  let state;
  try {
    state = await action();
  } catch (refused) {
    fill(panel, el("h2", {}, "Switches"), el("p", { role: "alert" }, refused.message),
      button("Look again", () => showSwitches(panel)));
    return;
  }
  showState(panel, state);
}

function showState(panel, state) {
  showOn(state.switches);
  fill(panel, el("h2", {}, "Switches"),
    el("p", { class: "small" }, "A switch acts on callers within seconds and ends by itself."),
    ...state.switches.map((one) => switchOf(one, panel)),
    state.switches.length ? null : el("p", {}, "These rules look at no switch."),
    state.log.length ? el("h3", {}, "Latest changes") : null,
    el("ul", { class: "list" }, ...state.log.map((line) => el("li", { class: "small" }, line))));
}

function switchOf(one, panel) {
  const why = field(`why ${one.name}`, "", { placeholder: one.is_on ? "why (may be empty)" : "why", maxLength: 200 });
  const hours = select(`${one.name} for`, [["1", "1 hour"], ["4", "4 hours"], ["12", "12 hours"],
    ["24", "1 day"]], "4");
  const refusal = el("p", { role: "alert", class: "bad-text" });
  // A refusal stands beside the field, and what was written stays.
  const flip = async (is_on) => {
    fill(refusal);
    try {
      showState(panel, await ask("switch", { name: one.name, is_on, hours: Number(hours.value), why: why.value }));
    } catch (refused) {
      fill(refusal, refused.message);
      why.focus();
    }
  };
  const state = one.is_on ? `on until ${moment(one.expires_at)}, ${one.by}: ${one.why}` : "off";
  const act = one.is_on ? button("Switch off", () => flip(false), { class: "main" })
    : button("Switch on", () => flip(true), { class: "main" });
  act.disabled = !rules.operator.may_publish;
  return el("fieldset", {}, el("legend", {}, one.name.replaceAll("_", " ")),
    el("p", {}, state),
    el("div", { class: "inline" }, one.is_on ? null : hours, why, act), refusal);
}

// ── The banner ──────────────────────────────────────────────────────────────────────────────────

const LOOK_AGAIN_MS = 60_000;

// Whatever panel is open, and whoever turned it: a switch that is on is seen.
export async function watchSwitches() {
  setInterval(() => { if (!document.hidden) look(); }, LOOK_AGAIN_MS);
  await look();
}

async function look() {
  try {
    showOn((await ask("switches")).switches);
  } catch {
    // The panel says what is wrong; what was seen last stays.
  }
}

function showOn(switches) {
  const on = switches.filter((one) => one.is_on);
  byId("switches-on").hidden = !on.length;
  byId("switches-on").textContent = on.map((one) =>
    `Switch ${one.name.replaceAll("_", " ")} is on until ${moment(one.expires_at)}, ${one.by}: ${one.why}`).join(" · ");
}

export const moment = (iso) => (iso ? new Date(iso).toLocaleString() : "");
