// What the parts of the page share: elements by their parts, and requests to the server.

export const $ = (id) => document.getElementById(id);

// An element with properties, attributes (those that have a dash, and `role`) and children; texts are never HTML.
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-") || name === "role") made.setAttribute(name, value);
    else made[name] = value;
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

export function fill(list, rows, nothing) {
  list.replaceChildren(...(rows.length ? rows : [element("li", { className: "empty" }, nothing)]));
}

// The same for rows that come with a key: those whose key is the same stay as they are, with the focus that is in them.
const keys = new WeakMap();
export function update(list, rows, nothing) {
  const old = [...list.children];
  if (!rows.length || old.length !== rows.length || !old.every((item) => keys.has(item))) {
    fill(list, rows.map(made), nothing);
    return;
  }
  rows.forEach((row, number) => keys.get(old[number]) === row.key || old[number].replaceWith(made(row)));
}

function made(row) {
  const item = row.make();
  keys.set(item, row.key);
  return item;
}

// Draws anew, and gives the focus to what stands where it was: whoever uses the keyboard would begin at the top again.
export function redraw(draw) {
  const before = document.activeElement;
  const list = before?.closest("[id]");
  const flag = before?.closest("[data-flag]")?.dataset.flag;
  draw();
  if (!list || before.isConnected) return;
  const same = [...list.querySelectorAll(before.localName)].find((item) => called(item) === called(before));
  const other = flag && list.querySelector(`[data-flag="${CSS.escape(flag)}"] .switch`);
  (same ?? other)?.focus();
}

const called = (item) => item.getAttribute("aria-label") ?? item.textContent;

export function inWords(value) {
  return value === null || value === "" ? "" : String(value);
}

export function say(text) {
  const said = $("said");
  said.textContent = text;
  said.hidden = !text;
}

export async function get(name) {
  return answered(await fetch(`/_ff/${name}`));
}

export async function post(name, content) {
  const headers = { "Content-Type": "application/json" };
  return answered(await fetch(`/_ff/${name}`, { method: "POST", headers, body: JSON.stringify(content) }));
}

async function answered(response) {
  const found = await response.json();
  if (!response.ok) throw new Error(found.detail);
  return found;
}
