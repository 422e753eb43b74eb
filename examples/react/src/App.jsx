/** The page: who it greets, in which language, and which dashboard it shows. */

import { useFlags, useFlagsmithLoading } from "@flagsmith/flagsmith/react";
import { useEffect, useState } from "react";
import { Dashboard } from "./Dashboards.jsx";
import { dashboardOf, FLAGS, isRefusal } from "./features.js";
import { NAMES, TEXTS } from "./texts.js";
import { keepLanguage } from "./visitor.js";

/** The page for a user, once the SDK has flags or has given up. */
export function App({ identity, language: preferred }) {
  const flags = useFlags(FLAGS);
  const loading = useFlagsmithLoading();
  const [chosen, setChosen] = useState(preferred);
  // hebrew_ui_enabled permits Hebrew: whoever may not have it gets English, whatever was chosen.
  const languages = flags.hebrew_ui_enabled.enabled ? ["en", "he"] : ["en"];
  const language = languages.includes(chosen) ? chosen : "en";

  if (loading.isFetching) {
    return <Loading language={preferred} />;
  }
  const choose = (name) => {
    setChosen(name);
    keepLanguage(name);
  };
  const text = TEXTS[language];
  return (
    <Page language={language} identity={identity} languages={languages} onChoose={choose}>
      {loading.error && <p role="alert">{isRefusal(loading.error) ? text.refused : text.away}</p>}
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

function Page({ language, identity, languages, onChoose, children }) {
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
      <main>{children}</main>
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
