import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const VARIABLES = { apiUrl: "FLAGSMITH_API_URL", environmentKey: "FLAGSMITH_ENVIRONMENT_KEY" };

/**
 * Answers /config.json from the two variables, so that one build runs anywhere. A web server of your own serves a file
 * of that name in its place.
 */
function runtimeConfig() {
  const serve = (server) => {
    const config = read(process.env);
    server.middlewares.use("/config.json", (_request, response) => {
      response.setHeader("Content-Type", "application/json");
      response.setHeader("Cache-Control", "no-store");
      response.end(JSON.stringify(config));
    });
  };
  return { name: "runtime-config", configureServer: serve, configurePreviewServer: serve };
}

function read(environment) {
  const missing = Object.values(VARIABLES).filter((name) => !environment[name]);
  if (missing.length > 0) {
    throw new Error(`Set ${missing.join(" and ")}: README.md says to what.`);
  }
  if (environment[VARIABLES.environmentKey].startsWith("ser.")) {
    throw new Error(`${VARIABLES.environmentKey} is a server-side key: a browser gets the client-side one.`);
  }
  return Object.fromEntries(Object.entries(VARIABLES).map(([name, variable]) => [name, environment[variable]]));
}

export default defineConfig({
  plugins: [react(), runtimeConfig()],
  // Relative, so that the page can be served below any path.
  base: "./",
});
