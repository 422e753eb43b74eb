/** Who looks at the page: of the address, since this example has no log-in. */

const OWN = ["user", "lang"];

/** The user, the traits and the language in `?user=anna&plan=premium&country=IL&lang=he`. */
export function visitor(location, languages) {
  const query = new URLSearchParams(location.search);
  const traits = [...query].filter(([name]) => !OWN.includes(name)).map(([name, text]) => [name, typed(text)]);
  const language = query.get("lang") ?? languages[0] ?? "en";
  return {
    identity: query.get("user") || "guest",
    traits: Object.fromEntries(traits),
    language: language.split("-")[0] === "he" ? "he" : "en",
  };
}

/** Keep a choice of language in the address. */
export function keepLanguage(language) {
  const query = new URLSearchParams(window.location.search);
  query.set("lang", language);
  window.history.replaceState(null, "", `?${query}`);
}

function typed(text) {
  if (text === "true" || text === "false") {
    return text === "true";
  }
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}
