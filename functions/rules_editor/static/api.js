import { rules } from "./rules.js";

// Asks the server. Everything it refuses comes back as one `Refused` with its words.

export class Refused extends Error {
  constructor(status, answer) {
    super(answer.message || `The server answered ${status}.`);
    this.status = status;
    this.answer = answer;
  }
}

export const ask = (action, body) => request(action, {
  method: "POST",
  body: JSON.stringify(body ?? {}),
  headers: { "content-type": "application/json", "x-switchboard-editor": "page", ...whose() },
});

// Another tab may have logged in as somebody else; the server refuses what this one shows as ours.
const whose = () =>
  (rules.operator.name ? { "x-switchboard-operator": encodeURIComponent(rules.operator.name) } : {});

async function request(action, options) {
  let response;
  try {
    response = await fetch(`api/${action}`, { ...options, credentials: "same-origin" });
  } catch {
    throw new Refused(0, { message: "The server cannot be reached just now; try again." });
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused(response.status, answer);
  return answer;
}
