/** Reads config.json, starts the SDK, and shows the page. */

import { createFlagsmithInstance } from "@flagsmith/flagsmith";
import { FlagsmithProvider } from "@flagsmith/flagsmith/react";
import { createRoot } from "react-dom/client";
import { App, Loading, Misconfigured } from "./App.jsx";
import { options } from "./features.js";
import "./style.css";
import { visitor } from "./visitor.js";

const root = createRoot(document.getElementById("root"));
const user = visitor(window.location, navigator.languages);

async function start() {
  root.render(<Loading language={user.language} />);
  const config = await fetch("config.json").then((response) => response.json());
  if (!config.apiUrl || !config.environmentKey) {
    throw new Error("config.json lacks apiUrl or environmentKey");
  }
  root.render(
    <FlagsmithProvider flagsmith={createFlagsmithInstance()} options={options(config, user)}>
      <App identity={user.identity} language={user.language} />
    </FlagsmithProvider>,
  );
}

start().catch((error) => {
  console.error(error);
  root.render(<Misconfigured language={user.language} />);
});
