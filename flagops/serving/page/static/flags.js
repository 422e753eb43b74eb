// The flags of an environment: switch, value, and what is set here.
import { $, element, inWords, post, say, update } from "./dom.js";

export function show(environment, changed) {
  $("keys").replaceChildren(
    "client-side key ", element("code", {}, environment.client_side_key),
    ", server-side key ", element("code", {}, environment.server_side_key),
  );
  const wanted = $("search").value.trim().toLowerCase();
  const found = environment.flags.filter((flag) => flag.name.toLowerCase().includes(wanted));
  const rows = found.map((flag) => (
    { key: JSON.stringify([environment.name, flag]), make: () => row(environment.name, flag, changed) }));
  update($("flags"), rows, "No flag is called so.");
}

function row(environment, flag, changed) {
  const set = async (name, content) => {
    try {
      changed(await post(name, { flag: flag.name, environment, ...content }));
      say("");
    } catch (error) {
      say(error.message);
    }
  };
  const toggle = element("button", {
    className: "switch", type: "button", role: "switch", "aria-checked": String(flag.enabled),
    "aria-label": flag.name, onclick: () => set("set", { enabled: !flag.enabled, ...kept(flag) }),
  });
  const about = [flag.about.description, flag.about.owner].filter(Boolean).join(" · ");
  return element("li", { className: "flag", "data-flag": flag.name },
    toggle,
    element("span", { className: "name" }, flag.name),
    value(flag, set),
    about ? element("p", { className: "about" }, about) : null,
    element("div", { className: "badges" }, ...badges(flag, set)));
}

// The value that is set stays when only the switch is used.
function kept(flag) {
  const own = flag.overrides.filter((item) => item.identity === null).at(-1);
  return own && !own.keeps_value ? { value: own.value } : {};
}

function value(flag, set) {
  if (flag.variations.length) {
    const options = flag.variations.map((item) =>
      element("option", { value: item.name }, `${item.name}: ${inWords(item.value)} (${+item.weight.toFixed(2)} %)`));
    const whole = flag.variations.find((item) => item.weight === 100);
    const split = element("option", { value: "" }, "split");
    const made = element("select", { "aria-label": `variation of ${flag.name}` }, ...(whole ? [] : [split]), ...options);
    made.value = whole ? whole.name : "";
    made.onchange = () => set("set", { enabled: true, value: made.value });
    return made;
  }
  const made = element("input", {
    defaultValue: inWords(flag.value), placeholder: "no value", autocomplete: "off", "aria-label": `value of ${flag.name}`,
  });
  made.onchange = () => set("set", { enabled: flag.enabled, value: read(made.value) });
  return made;
}

// true, false and whole numbers are such; all else is text.
function read(text) {
  if (text === "") return null;
  if (text === "true" || text === "false") return text === "true";
  return /^-?\d{1,15}$/.test(text) ? Number(text) : text;
}

function badges(flag, set) {
  const made = [flag.about.kind, flag.about.expires && `until ${flag.about.expires}`, flag.is_server_only && "server-side keys only"]
    .filter(Boolean).map((text) => element("span", { className: "badge" }, text));
  for (const segment of flag.segments) {
    made.push(element("span", { className: "badge" }, `${segment.name}: ${segment.enabled ? "on" : "off"}`));
  }
  for (const item of flag.overrides) {
    const state = item.enabled ? (item.keeps_value ? "on" : `on, ${inWords(item.value)}`) : "off";
    const text = `set here${item.identity === null ? "" : ` for ${item.identity}`}: ${state}`;
    made.push(element("span", { className: "badge is-set" }, text, element("button", {
      type: "button", title: "Take it back", "aria-label": `take back ${flag.name}${item.identity === null ? "" : ` for ${item.identity}`}`,
      onclick: () => set("unset", { identity: item.identity }),
    }, "✕")));
  }
  return made;
}
