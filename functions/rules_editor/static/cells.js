// The closed grammar of a cell, both ways: text as it stands in the table, and what a form shows.
// The server reads the text again and has the last word.

const ALWAYS = [["missing", "is missing"], ["present", "is there"], ["text", "as text…"]];

const FORMS = {
  flag: [["any", "any"], ["true", "true"], ["false", "false"]],
  choice: [["any", "any"], ["is", "one of…"], ["not", "not…"]],
  number: [["any", "any"], [">=", "≥ at least"], [">", "> more than"], ["<=", "≤ at most"],
    ["<", "< less than"], ["=", "= exactly"], ["..", "between"]],
  set: [["any", "any"], ["has any", "has any of"], ["has all", "has all of"],
    ["has none", "has none of"]],
  instant: [["any", "any"], ["within", "within the last"], ["older than", "older than"]],
};

export const UNITS = [["s", "seconds"], ["m", "minutes"], ["h", "hours"], ["d", "days"],
  ["w", "weeks"]];

// What the drop-down offers for an attribute; each value of a choice can be taken directly.
export function formsOf(attribute) {
  const own = FORMS[attribute.type] ?? [["any", "any"]];
  const direct = attribute.type === "choice"
    ? (attribute.values ?? []).map((value) => [`is ${value}`, value]) : [];
  return [own[0], ...direct, ...own.slice(1), ...ALWAYS];
}

export const textOf = (raw) =>
  raw === undefined || raw === null ? "" : typeof raw === "string" ? raw : JSON.stringify(raw);

// What a form shows for a cell; a text that is none of ours is shown as text.
export function readCell(attribute, raw) {
  const text = textOf(raw).trim();
  if (text === "") return { form: "any" };
  if (text === "missing" || text === "present") return { form: text };
  return READERS[attribute.type]?.(attribute, text) ?? { form: "text", text };
}

const READERS = {
  flag: (_, text) => (["true", "false"].includes(text) ? { form: text } : null),
  choice: readChoice,
  number: readNumber,
  set: readSet,
  instant: readInstant,
};

function readChoice(attribute, text) {
  const words = listed(attribute, text.replace(/^not /, ""));
  if (!words) return null;
  if (text.startsWith("not ")) return { form: "not", words };
  return words.length === 1 ? { form: `is ${words[0]}`, words } : { form: "is", words };
}

function readNumber(_, text) {
  const number = "(-?\\d+(?:\\.\\d+)?)";
  const compared = text.match(new RegExp(`^(>=|>|<=|<)\\s*${number}$`));
  if (compared) return { form: compared[1], low: compared[2] };
  const between = text.match(new RegExp(`^${number}\\.\\.${number}$`));
  if (between) return { form: "..", low: between[1], high: between[2] };
  return new RegExp(`^${number}$`).test(text) ? { form: "=", low: text } : null;
}

function readSet(attribute, text) {
  const found = text.match(/^has (any |all |none )?(.+)$/);
  const words = found && listed(attribute, found[2]);
  return words ? { form: `has ${(found[1] ?? "all ").trim()}`, words } : null;
}

function readInstant(_, text) {
  const found = text.match(/^(within|older than) (\d+(?:\.\d+)?)([smhdw])$/);
  return found ? { form: found[1], low: found[2], unit: found[3] } : null;
}

function listed(attribute, text) {
  const values = attribute.values ?? [];
  const words = text.split(",").map((word) => word.trim());
  return words.every((word) => values.includes(word)) ? words : null;
}

// The text of what a form says; empty for a cell that matches everybody.
export function writeCell(shown) {
  const { form, words = [], low = "", high = "", unit = "d", text = "" } = shown;
  if (form === "any") return "";
  if (form === "text") return text.trim();
  if (form.startsWith("is ")) return form.slice(3);
  if (form === "is") return words.join(", ");
  if (form === "not" || form.startsWith("has ")) return words.length ? writeWords(form, words) : "";
  if (form === "..") return `${low}..${high}`;
  if (form === "=") return String(low);
  if (form === "within" || form === "older than") return `${form} ${low}${unit}`;
  return /^[<>]/.test(form) ? `${form} ${low}` : form;
}

// What is to be said of a form that was taken and not filled in: an empty cell would match everybody.
export function lackOf(shown) {
  if (shown.form === "any") return "";
  if (numbersOf(shown.form).some((key) => !shown[key])) return "A number is missing here. To match everybody, take “any”.";
  return writeCell(shown) === "" ? "Nothing is chosen here yet. To match everybody, take “any”." : "";
}

// Which numbers a form asks for.
function numbersOf(form) {
  if (form === "..") return ["low", "high"];
  return /^[<>=]/.test(form) || form === "within" || form === "older than" ? ["low"] : [];
}

function writeWords(form, words) {
  const short = form === "has all" && words.length === 1 ? "has" : form;
  return `${short} ${words.join(", ")}`;
}
