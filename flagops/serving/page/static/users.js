// Who gets what: all flags of a user, and each rule of one of them.
import { $, element, fill, inWords, post, redraw, say } from "./dom.js";

const NEEDS = { ALL: "all of", ANY: "one at least of", NONE: "none of" };
let asked = null;

export function connect(environment) {
  $("who").addEventListener("submit", (event) => {
    event.preventDefault();
    const traits = $("traits").value.split("\n").map((line) => line.trim()).filter(Boolean);
    asked = { identity: $("identity").value.trim() || null, traits };
    refresh(environment);
  });
}

// Ask again, after something changed.
export async function refresh(environment) {
  if (asked === null) return;
  const given = { environment: environment(), ...asked };
  try {
    const found = await post("who", given);
    const kept = Object.entries(found.kept).map(([name, value]) => `${name}=${value}`);
    $("kept").hidden = !kept.length;
    $("kept").textContent = `Kept of this user: ${kept.join(", ")}`;
    const open = new Set([...document.querySelectorAll("#answers details[open]")].map((item) => item.dataset.flag));
    const rows = found.flags.map((flag) => row(flag, given, open.has(flag.name)));
    redraw(() => fill($("answers"), rows, "There are no flags."));
    say("");
  } catch (error) {
    say(error.message);
  }
}

function row(flag, given, isOpen) {
  const details = element("details", { "data-flag": flag.name },
    element("summary", {},
      element("span", { className: flag.enabled ? "state is-on" : "state" }, flag.enabled ? "on" : "off"),
      element("span", { className: "name" }, flag.name),
      element("span", { className: "value" }, [inWords(flag.value), flag.variant].filter(Boolean).join(" · "))),
    element("p", { className: "reason" }, flag.reason),
    element("ul", { className: "steps" }));
  details.addEventListener("toggle", () => details.open && explain(details, flag, given));
  details.open = isOpen;
  return element("li", { className: "answer" }, details);
}

async function explain(details, flag, given) {
  try {
    const found = await post("why", { ...given, flag: flag.name });
    const rows = found.steps.flatMap((step) => [
      element("li", { className: step.decides ? "decides" : "" }, title(step)),
      ...conditions(step.groups).map((text) => element("li", { className: "condition" }, text)),
    ]);
    if (found.split) {
      rows.push(element("li", {}, `at ${found.split.percentage.toFixed(2)} % of the variations: ${found.chosen}`));
    }
    details.querySelector(".steps").replaceChildren(...rows);
  } catch (error) {
    say(error.message);
  }
}

function title(step) {
  const gives = `${step.enabled ? "on" : "off"}${inWords(step.value) ? `, ${inWords(step.value)}` : ""}`;
  if (step.source === "environment") return `the environment's own state: ${gives}`;
  if (step.source === "identity") return `override of ${step.name}: ${gives}`;
  return step.holds ? `segment ${step.name} matches: ${gives}` : `segment ${step.name} does not match`;
}

function conditions(groups) {
  return groups.flatMap((group) => [
    ...(group.needs === "ALL" ? [] : [`${group.holds ? "✓" : "✗"} ${NEEDS[group.needs]}:`]),
    ...group.conditions.map((item) => `${item.holds ? "✓" : "✗"} ${item.text} (${item.found})`),
    ...conditions(group.groups),
  ]);
}
