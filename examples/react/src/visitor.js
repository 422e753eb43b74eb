/** Who looks at the page: who logged in, which this example keeps in the address. */

const OWN = ["user", "lang"];
export const GUEST = "guest";

/** The user, the traits and the language in `?user=anna&plan=premium&country=IL&lang=he`. */
export function visitor(location, languages) {
  const query = new URLSearchParams(location.search);
  const traits = [...query].filter(([name]) => !OWN.includes(name)).map(([name, text]) => [name, typed(text)]);
  const language = query.get("lang") ?? languages[0] ?? "en";
  return {
    identity: query.get("user") || GUEST,
    traits: Object.fromEntries(traits),
    language: language.split("-")[0] === "he" ? "he" : "en",
  };
}

/** Keep a choice of language in the address. */
export function keepLanguage(language) {
  keep({ lang: language });
}

/** Keep who logged in, with the traits, in the address. */
export function keepUser(identity, traits) {
  keep({ ...traits, user: identity });
}

function keep(values) {
  const query = new URLSearchParams(window.location.search);
  for (const [name, value] of Object.entries(values)) {
    query.set(name, value);
  }
  window.history.replaceState(null, "", `?${query}`);
}

function typed(text) {
  if (text === "true" || text === "false") {
    return text === "true";
  }
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}
