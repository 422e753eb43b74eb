/** The client of a service: one for the whole process, and it asks again after an outage. */

import { DefaultFlag, Flagsmith, type FlagsmithConfig } from "flagsmith-nodejs";
import { problemOf, SECONDS } from "./features.js";
import { defaultOf } from "./flags.js";
import { service } from "./settings.js";

/** How old a document for local evaluation may become. */
const REFRESH_SECONDS = 60;

/** The client that the two variables describe. Throws SettingsError. `tell` gets a line for each problem. */
export function client(environment: NodeJS.ProcessEnv, tell: (problem: string) => void): Flagsmith {
  const { url, key, hasServerSideKey } = service(environment);
  const quiet = () => {};
  // The SDK would log an outage with its whole stack, to stdout. Of pino's logger it calls these alone.
  const logger = { error: (cause: unknown) => tell(problemOf(cause)), warn: quiet, info: quiet, debug: quiet };
  return new Flagsmith({
    environmentKey: key,
    apiUrl: url,
    enableLocalEvaluation: hasServerSideKey,
    environmentRefreshIntervalSeconds: REFRESH_SECONDS,
    enableAnalytics: true,
    requestTimeoutSeconds: SECONDS,
    retries: 0,
    defaultFlagHandler: (name) => new DefaultFlag(defaultOf(name).value, defaultOf(name).enabled),
    logger: logger as unknown as FlagsmithConfig["logger"],
  });
}
