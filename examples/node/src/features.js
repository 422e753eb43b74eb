/** The features of users, by Flagsmith's SDK; and what they are while Flagsmith is away. */

import { DefaultFlag, Flags, Flagsmith, FlagsmithAPIError } from "flagsmith-nodejs";
import { KEY_NAME, URL_NAME } from "./settings.js";

/** How long to wait for an answer: whoever waits for a page should not notice. */
export const SECONDS = 5;
export const ORIGINAL = "original_dashboard";

// What everybody gets without Flagsmith. Hebrew stays: nobody should lose a language in an outage.
export const DEFAULTS = {
  ml_model_v2_enabled: new DefaultFlag(null, false),
  gpu_optimization_enabled: new DefaultFlag(null, true),
  advanced_analytics_enabled: new DefaultFlag(null, false),
  real_time_processing_enabled: new DefaultFlag(null, false),
  hebrew_ui_enabled: new DefaultFlag(null, true),
  new_dashboard_enabled: new DefaultFlag("control", false),
  dashboard_ab_test: new DefaultFlag(ORIGINAL, true),
  new_feature_rollout: new DefaultFlag(null, false),
};
const UNKNOWN = new DefaultFlag(null, false);

/** What a flag is without Flagsmith. */
export function defaultFlag(name) {
  return DEFAULTS[name] ?? UNKNOWN;
}

/** Asks Flagsmith, and gives the defaults when it does not answer. */
export class Features {
  /**
   * Why defaults are given; null while all is well. Flagsmith is then not asked again by this object, so that an outage
   * costs one timeout and not one for each user. A service would ask again after a while.
   */
  problem = null;

  #client;
  #isLocal;
  #usage;

  constructor({ url, key, hasServerSideKey }) {
    this.#isLocal = hasServerSideKey;
    // The SDK logs an outage with its whole stack, to stdout, and gives the defaults: `problem` says it in a line.
    const error = (cause) => {
      this.problem = problemOf(cause);
    };
    const quiet = () => {};
    this.#client = new Flagsmith({
      environmentKey: key,
      apiUrl: url,
      enableLocalEvaluation: hasServerSideKey,
      enableAnalytics: true,
      requestTimeoutSeconds: SECONDS,
      retries: 0,
      defaultFlagHandler: defaultFlag,
      logger: { error, warn: quiet, info: quiet, debug: quiet },
    });
  }

  /** All flags of a user, in one evaluation; with `transient`, Flagsmith does not keep the user. */
  async of(identity, traits, { transient = false } = {}) {
    if (this.problem !== null) {
      return new Flags({ flags: {}, defaultFlagHandler: defaultFlag });
    }
    const flags = await this.#client.getIdentityFlags(identity, traits, transient);
    this.#usage = flags.analyticsProcessor ?? this.#usage;
    return flags;
  }

  /** Where flags are evaluated. */
  get evaluation() {
    if (this.problem !== null) {
      return "defaults";
    }
    return this.#isLocal ? "local" : "remote";
  }

  /** Send what was counted of the reading of flags (the SDK does so only every ten seconds), and end. */
  async close() {
    await this.#usage?.flush();
    await this.#client.close();
  }
}

/** What happened, in a line. */
export function problemOf(error) {
  if (error instanceof FlagsmithAPIError) {
    const status = Number(/\d{3}$/.exec(error.message)?.[0]);
    if (status === 401 || status === 403) {
      return `Flagsmith refuses the key in ${KEY_NAME}`;
    }
    const hint = status === 404 || status === 405 ? ` (does ${URL_NAME} end in /api/v1/?)` : "";
    return `Flagsmith answers with status ${status}${hint}`;
  }
  if (error instanceof SyntaxError) {
    return `Flagsmith answers with no JSON (does ${URL_NAME} end in /api/v1/?)`;
  }
  if (error?.name === "TimeoutError") {
    return `Flagsmith did not answer within ${SECONDS} s`;
  }
  if (error instanceof TypeError && error.message === "fetch failed") {
    return "Flagsmith cannot be reached";
  }
  return `Flagsmith gave no flags (${error?.name})`;
}
