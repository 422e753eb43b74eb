/** The page: who it greets, in which language, and which dashboard it shows. */

import { useFlags, useFlagsmith, useFlagsmithLoading } from "@flagsmith/flagsmith/react";
import { useEffect, useState } from "react";
import { Dashboard } from "./Dashboards.jsx";
import { areKept, dashboardOf, FLAGS, hasNewDesign, isRefusal } from "./features.js";
import { LogIn } from "./LogIn.jsx";
import { NAMES, TEXTS } from "./texts.js";
import { GUEST, keepLanguage, keepUser } from "./visitor.js";

/** The page for a user, once the SDK has flags or has given up. */
export function App({ identity: first, language: preferred }) {
  const flagsmith = useFlagsmith();
  const [identity, setIdentity] = useState(first);
  const flags = useFlags(FLAGS);
  const loading = useFlagsmithLoading();
  const [chosen, setChosen] = useState(preferred);
  // hebrew_ui_enabled permits Hebrew: whoever may not have it gets English, whatever was chosen.
  const languages = flags.hebrew_ui_enabled.enabled ? ["en", "he"] : ["en"];
  const language = languages.includes(chosen) ? chosen : "en";

  // What is kept of the last visit is shown while the answer is on its way.
  if (loading.isFetching && loading.source !== "CACHE") {
    return <Loading language={preferred} />;
  }
  const choose = (name) => {
    setChosen(name);
    keepLanguage(name);
  };
  const logIn = async (name, traits) => {
    setIdentity(name);
    keepUser(name, traits);
    // A failure is shown as any other is.
    await flagsmith.identify(name, traits).catch(() => {});
  };
  const text = TEXTS[language];
  const away = areKept(loading) ? text.kept : text.away;
  return (
    <Page
      language={language}
      identity={identity}
      languages={languages}
      onChoose={choose}
      isNew={hasNewDesign(flags.new_dashboard_enabled)}
    >
      {identity === GUEST && <LogIn text={text} onLogIn={logIn} />}
      {loading.error && <p role="alert">{isRefusal(loading.error) ? text.refused : away}</p>}
      <Dashboard
        variant={dashboardOf(flags.dashboard_ab_test)}
        text={text}
        language={language}
        live={flags.real_time_processing_enabled.enabled}
        advanced={flags.advanced_analytics_enabled.enabled}
      />
    </Page>
  );
}

/** What is there while the first answer is on its way. */
export function Loading({ language }) {
  useLanguage(language);
  return (
    <p role="status" className="loading">
      {TEXTS[language].loading}
    </p>
  );
}

/** What is there when nobody said where Flagsmith is. */
export function Misconfigured({ language }) {
  useLanguage(language);
  return <p role="alert">{TEXTS[language].misconfigured}</p>;
}

function Page({ language, identity, languages, onChoose, isNew, children }) {
  useLanguage(language);
  const text = TEXTS[language];
  return (
    <>
      <header>
        <h1>FootAnalytics</h1>
        <p>
          {text.hello} <bdi>{identity}</bdi>
        </p>
        {languages.length > 1 && (
          <nav aria-label={text.languages}>
            {languages.map((name) => (
              <button
                type="button"
                key={name}
                lang={name}
                aria-pressed={name === language}
                onClick={() => onChoose(name)}
              >
                {NAMES[name]}
              </button>
            ))}
          </nav>
        )}
      </header>
      <main data-design={isNew ? "new" : "old"}>{children}</main>
    </>
  );
}

/** Tell the browser, and so screen readers, the language and the direction. */
function useLanguage(language) {
  useEffect(() => {
    document.documentElement.lang = language;
    document.documentElement.dir = TEXTS[language].direction;
  }, [language]);
}
