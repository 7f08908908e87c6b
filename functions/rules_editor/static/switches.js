// Emergency switches: data of their own, at once, without publishing anything.

import { ask } from "./api.js";
import { button, el, field, fill, select } from "./elements.js";
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
  fill(panel, el("h2", {}, "Switches"),
    el("p", { class: "small" }, "A switch acts on callers within seconds and ends by itself."),
    ...state.switches.map((one) => switchOf(one, panel)),
    state.switches.length ? null : el("p", {}, "These rules look at no switch."),
    state.log.length ? el("h3", {}, "Latest changes") : null,
    el("ul", { class: "list" }, ...state.log.map((line) => el("li", { class: "small" }, line))));
}

function switchOf(one, panel) {
  const why = field(`why ${one.name}`, "", { placeholder: "why", maxLength: 200 });
  const hours = select(`${one.name} for`, [["1", "1 hour"], ["4", "4 hours"], ["12", "12 hours"],
    ["24", "1 day"]], "4");
  const flip = (is_on) => draw(panel, () => ask("switch",
    { name: one.name, is_on, hours: Number(hours.value), why: why.value }));
  const state = one.is_on ? `on until ${moment(one.expires_at)}, ${one.by}: ${one.why}` : "off";
  const act = one.is_on ? button("Switch off", () => flip(false), { class: "main" })
    : button("Switch on", () => flip(true), { class: "main" });
  act.disabled = !rules.operator.may_publish;
  return el("fieldset", {}, el("legend", {}, one.name.replaceAll("_", " ")),
    el("p", {}, state),
    el("div", { class: "inline" }, one.is_on ? null : hours, why, act));
}

export const moment = (iso) => (iso ? new Date(iso).toLocaleString() : "");
