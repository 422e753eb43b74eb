/** One user's features, and how the two models do for many. */

import { parseArgs } from "node:util";
import { DEFAULTS, Features, ORIGINAL } from "./features.js";
import { MATCHES, Performance } from "./models.js";
import { SettingsError, service } from "./settings.js";

const USAGE = `usage: node src/main.js [--identity NAME] [--trait KEY=VALUE]... [--users COUNT] [--json]

Prints the features of a user, and how the two models do for COUNT users (default: 8).`;
const WRONG_USAGE = 2;

class UsageError extends Error {}

function options() {
  const known = {
    identity: { type: "string", default: "anna" },
    trait: { type: "string", multiple: true, default: [] },
    users: { type: "string", default: "8" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  };
  let values;
  try {
    ({ values } = parseArgs({ options: known }));
  } catch (error) {
    throw new UsageError(`${error.message}\n${USAGE}`);
  }
  const users = Number(values.users);
  if (!Number.isInteger(users) || users < 0) {
    throw new UsageError(`--users ${values.users} is no number of users`);
  }
  return { ...values, users, traits: Object.fromEntries(values.trait.map(trait)) };
}

function trait(text) {
  const [name, ...rest] = text.split("=");
  const value = rest.join("=");
  if (!name || rest.length === 0) {
    throw new UsageError(`--trait ${text} is not of the form KEY=VALUE`);
  }
  if (value === "true" || value === "false") {
    return [name, value === "true"];
  }
  return [name, /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value];
}

async function result(features, { identity, traits, users }) {
  const flags = await features.of(identity, traits);
  // One evaluation, read as often as one likes.
  const found = Object.fromEntries(Object.keys(DEFAULTS).map((name) => [name, flags.getFlag(name)]));
  const test = found.dashboard_ab_test;
  const performance = new Performance();
  for (let number = 1; number <= users; number += 1) {
    // Made-up users with the same traits: transient, so that Flagsmith does not keep them.
    const theirs = await features.of(`${identity}-${number}`, traits, { transient: true });
    const variant = theirs.isFeatureEnabled("ml_model_v2_enabled") ? "v2" : "v1";
    performance.predict(variant, MATCHES[(number - 1) % MATCHES.length]);
  }
  return {
    identity,
    traits,
    evaluation: features.evaluation,
    problem: features.problem,
    flags: Object.fromEntries(
      Object.entries(found).map(([name, flag]) => [
        name,
        // The SDK has undefined for a flag without a value that was evaluated by the server.
        { enabled: flag.enabled, value: flag.value ?? null, is_default: flag.isDefault },
      ]),
    ),
    dashboard: test.enabled ? test.value : ORIGINAL,
    models: performance.byVariant(),
  };
}

function table({ identity, dashboard, evaluation, flags, models }) {
  const lines = [`${identity} sees ${dashboard} (evaluation: ${evaluation})`, ""];
  for (const [name, { enabled, value, is_default }] of Object.entries(flags)) {
    const shown = value === null ? "" : `  ${value}`;
    const state = (enabled ? "on" : "off").padEnd(3);
    lines.push(`  ${name.padEnd(30)} ${state}${shown}${is_default ? "  (default)" : ""}`.trimEnd());
  }
  lines.push("", "  model  predictions  mean error    mean time");
  for (const [variant, row] of Object.entries(models)) {
    const numbers = [
      String(row.predictions).padStart(11),
      row.mean_error.toFixed(3).padStart(11),
      `${row.mean_microseconds.toFixed(1)} µs`.padStart(12),
    ];
    lines.push(`  ${variant.padEnd(6)} ${numbers.join(" ")}`);
  }
  return lines.join("\n");
}

async function main() {
  const chosen = options();
  if (chosen.help) {
    console.log(USAGE);
    return;
  }
  const features = new Features(service(process.env));
  const found = await result(features, chosen);
  await features.close();
  // An outage is no error: the program went on with the defaults, and says so.
  if (features.problem !== null) {
    console.error(`${features.problem}. The defaults are used.`);
  }
  console.log(chosen.json ? JSON.stringify(found, null, 2) : table(found));
}

try {
  await main();
} catch (error) {
  if (!(error instanceof SettingsError || error instanceof UsageError)) {
    throw error;
  }
  console.error(error.message);
  process.exitCode = WRONG_USAGE;
}
