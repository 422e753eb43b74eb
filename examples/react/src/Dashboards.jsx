/** The three dashboards of the experiment. */

import matches from "../../matches.json";

const MEASURES = [
  ["goals", "goals"],
  ["shots", "on_target"],
  ["chances", "big_chances"],
];
const total = (field) => matches.reduce((sum, match) => sum + match[field], 0);

function Original({ text, number }) {
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">{text.match}</th>
          {MEASURES.map(([name]) => (
            <th scope="col" key={name}>
              {text[name]}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {matches.map((match, index) => (
          <tr key={index}>
            <th scope="row">{number(index + 1)}</th>
            {MEASURES.map(([name, field]) => (
              <td key={name}>{number(match[field])}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Cards({ text, number }) {
  return (
    <ul className="cards">
      {MEASURES.map(([name, field]) => (
        <li key={name}>
          <h3>{text[name]}</h3>
          <p className="figure">{number(total(field))}</p>
          <p className="small">
            {number(total(field) / matches.length)} {text.average}
          </p>
        </li>
      ))}
    </ul>
  );
}

function Bars({ text, number }) {
  const most = Math.max(...matches.map((match) => match.on_target));
  return (
    <ol className="bars">
      {matches.map((match, index) => (
        <li key={index}>
          <span>
            {text.match} {number(index + 1)}
          </span>
          <span className="bar" style={{ inlineSize: `${(match.on_target / most) * 100}%` }} aria-hidden="true">
            <span style={{ inlineSize: `${(match.goals / match.on_target) * 100}%` }} />
          </span>
          <span className="small">
            {text.goals}: {number(match.goals)} · {text.shots}: {number(match.on_target)}
          </span>
        </li>
      ))}
    </ol>
  );
}

const SHOWN = { original_dashboard: Original, new_dashboard_v1: Cards, new_dashboard_v2: Bars };

/** The dashboard `variant`, in a language. */
export function Dashboard({ variant, text, language, live, advanced }) {
  const Shown = SHOWN[variant];
  const number = (value) => new Intl.NumberFormat(language, { maximumFractionDigits: 1 }).format(value);
  const percent = new Intl.NumberFormat(language, { style: "percent" }).format(total("goals") / total("on_target"));
  return (
    <section aria-labelledby="title" data-variant={variant}>
      <h2 id="title">
        {text.titles[variant]} {live && <span className="live">{text.live}</span>}
      </h2>
      <Shown text={text} number={number} />
      {advanced && (
        <section aria-labelledby="advanced" className="advanced">
          <h3 id="advanced">{text.advanced}</h3>
          <p>{text.conversion(percent)}</p>
        </section>
      )}
    </section>
  );
}
