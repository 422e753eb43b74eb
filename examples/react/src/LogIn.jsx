/** The log-in. A real one asks a server, which says what the traits are. */

/** Asks who somebody is, and calls `onLogIn` with the name and the traits. */
export function LogIn({ text, onLogIn }) {
  const send = (event) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    const name = String(given.get("name")).trim();
    if (name) {
      onLogIn(name, given.has("premium") ? { plan: "premium", country: "IL" } : { plan: "free" });
    }
  };
  return (
    <form onSubmit={send}>
      <label>
        {text.name} <input name="name" required autoComplete="username" />
      </label>
      <label>
        <input name="premium" type="checkbox" /> {text.premium}
      </label>
      <button>{text.logIn}</button>
    </form>
  );
}
