// Two teams, each with a Flagsmith of its own: one component each, in a namespace of its own.
import { FeatureFlags } from "@footanalytics/feature-flags";

const teams = { checkout: 30081, search: 30082 };

export const urls: Record<string, unknown> = {};
export const sdkKeys: Record<string, unknown> = {};

for (const [team, port] of Object.entries(teams)) {
    const flags = new FeatureFlags(team, {
        host: `${team}.localhost`,
        publicUrl: `http://${team}.localhost:${port}`,
        context: "flagsmith-local",
        size: "local",
        namespace: { name: `flags-${team}` },
        service: { nodePort: port },
        ingress: { enabled: false },
        postgres: { storage: { size: "1Gi" } },
        retention: { rawAnalyticsDays: 7, taskDays: 7, reportedFlags: 8 },
    });
    urls[team] = flags.url;
    sdkKeys[team] = flags.sdkKeySecrets;
}
