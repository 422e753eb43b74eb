// What SDKs ask and report, as it comes.
import { $, element, fill } from "./dom.js";

export function show(news) {
  const problem = $("problem");
  problem.hidden = !news.problem;
  problem.textContent = news.problem ? `${news.problem}\nThe last good state is served until this is put right.` : "";
  $("counts").textContent = `${news.users} users are kept, ${news.listeners} connections listen for changes`;
  fill($("requests"), news.requests.toReversed().map(request), "Nobody has asked yet.");
  fill($("clients"), news.clients.map((item) => count(item.name, item.requests)), "None yet.");
  fill($("reads"), news.reads.map((item) => count(`${item.flag} (${item.environment})`, item.all)), "None was reported.");
  fill($("events"), news.events.map((item) => count(item.name, item.count)), "None was reported.");
}

function request(item) {
  const time = new Date(item.at).toLocaleTimeString();
  const whom = [item.environment, item.identity].filter(Boolean).join(", ");
  return element("li", {},
    element("span", { className: "mono" }, time),
    element("span", { className: "grow" },
      element("span", { className: "mono" }, `${item.method} ${item.path}`), ` ${whom}`,
      element("div", { className: "quiet" }, item.client)),
    element("span", { className: "count" }, String(item.status)));
}

function count(name, number) {
  return element("li", {},
    element("span", { className: "count" }, String(number)), element("span", { className: "grow" }, name));
}
