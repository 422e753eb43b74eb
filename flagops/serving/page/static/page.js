// The page: shows what the server has, and asks again when it says that something changed.
import { $, element, get, redraw, say } from "./dom.js";
import * as flags from "./flags.js";
import * as traffic from "./traffic.js";
import * as users from "./users.js";

let served = { label: "", notes: [], environments: [] };
let chosen = null;
let version = null;

const environment = () => chosen;

function show(found) {
  served = found;
  redraw(draw);
}

function draw() {
  if (!served.environments.some((item) => item.name === chosen)) chosen = served.environments[0]?.name ?? null;
  $("label").textContent = served.label;
  $("notes").hidden = served.notes.length === 0;
  $("notes").textContent = served.notes.join("\n");
  $("environments").replaceChildren(...served.environments.map((item) => element("button", {
    type: "button", "aria-pressed": String(item.name === chosen), onclick: () => choose(item.name),
  }, item.name)));
  const here = served.environments.find((item) => item.name === chosen);
  if (here) flags.show(here, changed);
}

function choose(name) {
  chosen = name;
  show(served);
  users.refresh(environment);
}

function changed(found) {
  show(found);
  users.refresh(environment);
}

function live() {
  const source = new EventSource("/_ff/live");
  const told = (text, isLive) => {
    $("live").textContent = text;
    $("live").classList.toggle("is-live", isLive);
  };
  // A page that the browser keeps for the way back listens no longer.
  addEventListener("pagehide", () => source.close(), { once: true });
  addEventListener("pageshow", (event) => event.persisted && live(), { once: true });
  source.addEventListener("open", () => told("live", true));
  source.addEventListener("error", () => told("the server is away; trying again", false));
  source.addEventListener("news", async (event) => {
    const news = JSON.parse(event.data);
    traffic.show(news);
    if (news.version === version) return;
    version = news.version;
    await typed();
    try {
      changed(await get("flags"));
    } catch (error) {
      version = null;
      say(error.message);
    }
  });
}

// Waits for the end of what is being typed, which would be taken away.
async function typed() {
  const field = document.activeElement?.closest("#flags input");
  if (!field || field.value === field.defaultValue) return;
  await new Promise((resolve) => ["blur", "change"].forEach((name) => field.addEventListener(name, resolve, { once: true })));
}

users.connect(environment);
$("search").addEventListener("input", () => show(served));
live();
