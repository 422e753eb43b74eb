/** Two models of how many goals a team shoots, and how well each of them does. */

import { readFileSync } from "node:fs";

export const MATCHES = JSON.parse(readFileSync(new URL("../../matches.json", import.meta.url), "utf8"));

const MODELS = {
  /** Every shot on target is worth the same. */
  v1: (match) => 0.35 * match.on_target,
  /** A big chance is worth more. */
  v2: (match) => 0.1 * match.on_target + 0.55 * match.big_chances,
};

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const round = (value, digits) => Number(value.toFixed(digits));

/** How well each variant does: an own metric, since Flagsmith knows who got which variant, not how it went. */
export class Performance {
  #kept = new Map();

  /** The variant's prediction; its error and its time are kept. */
  predict(variant, match) {
    const start = performance.now();
    const goals = MODELS[variant](match);
    const milliseconds = performance.now() - start;
    if (!this.#kept.has(variant)) {
      this.#kept.set(variant, { errors: [], milliseconds: [] });
    }
    const kept = this.#kept.get(variant);
    kept.errors.push(Math.abs(goals - match.goals));
    kept.milliseconds.push(milliseconds);
    return goals;
  }

  /** Predictions, mean error in goals and mean time, of each variant that was used. */
  byVariant() {
    const rows = [...this.#kept].sort(([one], [other]) => one.localeCompare(other));
    return Object.fromEntries(
      rows.map(([variant, { errors, milliseconds }]) => [
        variant,
        {
          predictions: errors.length,
          mean_error: round(mean(errors), 4),
          mean_microseconds: round(mean(milliseconds) * 1000, 3),
        },
      ]),
    );
  }
}
