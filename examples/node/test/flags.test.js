// Node's own test runner with flags from git: `node --test`.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { Flagsmith } from "flagsmith-nodejs";

const folder = mkdtempSync(join(tmpdir(), "flags-"));
const ready = join(folder, "ready.json");
let server, flags;
before(async () => {
  server = spawn("ff", ["flags", "serve", "../../flags/catalogue.yaml", "--port", "0", "--ready-file", ready]);
  while (!existsSync(ready)) await setTimeout(20);
  flags = JSON.parse(readFileSync(ready, "utf8"));
});
after(() => {
  server.kill();
  rmSync(folder, { recursive: true, force: true });
});

test("premium users in Israel have the GPU", async () => {
  const { client_side_key: environmentKey } = flags.environments.production;
  const flagsmith = new Flagsmith({ environmentKey, apiUrl: flags.api_url });
  const found = await flagsmith.getIdentityFlags("anna", { plan: "premium", country: "IL" });
  assert.equal(found.isFeatureEnabled("gpu_optimization_enabled"), true);
});
