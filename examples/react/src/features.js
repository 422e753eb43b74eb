/** The features of this page, and what they are while Flagsmith is away. */

const SECONDS = 5;
export const DASHBOARDS = ["original_dashboard", "new_dashboard_v1", "new_dashboard_v2"];
const [ORIGINAL] = DASHBOARDS;

// What everybody gets without Flagsmith. Hebrew stays: nobody should lose a language in an outage.
const DEFAULTS = {
  advanced_analytics_enabled: { enabled: false, value: null },
  real_time_processing_enabled: { enabled: false, value: null },
  hebrew_ui_enabled: { enabled: true, value: null },
  new_dashboard_enabled: { enabled: false, value: "control" },
  dashboard_ab_test: { enabled: true, value: ORIGINAL },
};
export const FLAGS = Object.keys(DEFAULTS);

/** The dashboard that the experiment selects; the original one for a value that this page does not know. */
export function dashboardOf({ enabled, value }) {
  return enabled && DASHBOARDS.includes(value) ? value : ORIGINAL;
}

/** Whether the dashboard has its new design. */
export function hasNewDesign({ enabled, value }) {
  return enabled && value === "new_design";
}

/** The SDK's options for a user. */
export function options({ apiUrl, environmentKey }, { identity, traits }) {
  return {
    api: apiUrl,
    evaluationContext: { environment: { apiKey: environmentKey } },
    // Not in the context: what comes from the cache replaces the traits that are there.
    identity,
    traits,
    defaultFlags: DEFAULTS,
    // Who comes again sees their dashboard at once, also while Flagsmith is away. What is kept of others does not count.
    cacheFlags: true,
    enableAnalytics: true,
    fetch: bounded,
    // The page shows what went wrong; the SDK would throw it too.
    onError: () => {},
  };
}

/** A request that ends: the SDK's own waits for as long as the browser does, and does not say what status it got. */
async function bounded(url, request) {
  const response = await fetch(url, { ...request, signal: AbortSignal.timeout(SECONDS * 1000) });
  if (!response.ok) {
    throw new Error(`status ${response.status}`);
  }
  return response;
}

/** Whether the flags are those of an earlier answer. */
export function areKept({ source }) {
  return source === "CACHE" || source === "SERVER";
}

/** Whether an error of the SDK says that the key is wrong. */
export function isRefusal(error) {
  return /^status 40[13]$/.test(error.message);
}
