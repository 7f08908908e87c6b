// Elements are made here and nowhere else. Text only ever becomes a text node: what stands in a
// ruleset may be anything, and none of it is markup.

export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) give(node, name, value);
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

function give(node, name, value) {
  if (name === "on") {
    for (const [event, act] of Object.entries(value)) node.addEventListener(event, act);
  } else if (name === "class") {
    node.className = value;
  } else if (name in node && !name.includes("-")) {
    node[name] = value;
  } else if (value !== undefined && value !== null) {
    node.setAttribute(name, value);
  }
}

export const byId = (id) => document.getElementById(id);

export const fill = (node, ...children) =>
  node.replaceChildren(...children.filter((child) => child !== null && child !== undefined));

export const button = (label, act, props = {}) =>
  el("button", { type: "button", on: { click: act }, ...props }, label);

// A drop-down. `options` are words, or [value, label].
export function select(label, options, value, change) {
  const node = el("select", { "aria-label": label });
  const pairs = options.map((option) => (Array.isArray(option) ? option : [option, option]));
  if (value && !pairs.some(([known]) => known === value)) pairs.push([value, `${value} (unknown)`]);
  node.append(...pairs.map(([known, said]) => el("option", { value: known }, said)));
  node.value = value ?? "";
  if (change) node.addEventListener("change", () => change(node.value));
  return node;
}

export function field(label, value, props = {}) {
  return el("input", { type: "text", value: value ?? "", "aria-label": label, ...props });
}

// A tick for each word; `ticked()` tells which are ticked, in the catalogue's order.
export function ticks(label, words, chosen) {
  const unknown = chosen.filter((word) => !words.includes(word));
  const boxes = [...words, ...unknown].map((word) =>
    el("input", { type: "checkbox", value: word, checked: chosen.includes(word) }));
  const node = el("fieldset", { class: "choices" }, el("legend", {}, label),
    ...boxes.map((box) => el("label", {}, box, ` ${box.value}`)));
  return { node, ticked: () => boxes.filter((box) => box.checked).map((box) => box.value) };
}

// A list whose order counts: taken from `words`, moved up, taken out.
export function orderedList(label, words, chosen) {
  const items = [...chosen];
  const node = el("fieldset", {}, el("legend", {}, label));
  const show = () => {
    const rest = words.filter((word) => !items.includes(word));
    const add = select(`Add to ${label}`, [["", "add…"], ...rest], "", (word) => {
      items.push(word);
      show();
    });
    fill(node, el("legend", {}, label), ...items.map(line), add);
  };
  const line = (word, at) => el("div", { class: "inline" }, el("span", { class: "spring" }, word),
    at ? button("↑", () => { items.splice(at - 1, 2, word, items[at - 1]); show(); },
      { "aria-label": `${word} earlier` }) : null,
    button("✕", () => { items.splice(at, 1); show(); }, { "aria-label": `Take ${word} out` }));
  show();
  return { node, chosen: () => [...items] };
}

// What the user gets as a file. Nothing leaves the page.
export function download(name, text) {
  const url = URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" }));
  el("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
