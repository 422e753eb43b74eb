/** Where Flagsmith is: the two variables, and nothing else. */

export const URL_NAME = "FLAGSMITH_API_URL";
export const KEY_NAME = "FLAGSMITH_ENVIRONMENT_KEY";

/** A variable that is missing or wrong; the message names it. */
export class SettingsError extends Error {}

/** The Flagsmith that the variables name. Throws SettingsError. */
export function service(environment) {
  const missing = [URL_NAME, KEY_NAME].filter((name) => !environment[name]);
  if (missing.length > 0) {
    throw new SettingsError(`Set ${missing.join(" and ")}: README.md says to what.`);
  }
  const { [URL_NAME]: url, [KEY_NAME]: key } = environment;
  if (!/^https?:\/\//.test(url)) {
    throw new SettingsError(
      `${URL_NAME} is no address: it starts with http:// or https:// and ends in /api/v1/.`,
    );
  }
  // A server-side key may fetch the environment's document, to evaluate flags in this process.
  return { url, key, hasServerSideKey: key.startsWith("ser.") };
}
