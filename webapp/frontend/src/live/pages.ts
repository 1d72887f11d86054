/** The addresses of the live view: the schedule itself, one session, one person. */

export type Page =
  | { kind: "schedule" }
  | { kind: "session"; id: string }
  | { kind: "person"; id: string };

const PARTS = { session: "sessions", person: "people" } as const;

/** `/fosdem/sessions/5379`; what the page was asked for in its address stays with it. */
export function addressOf(base: string, page: Page, search = ""): string {
  return (page.kind === "schedule" ? base : `${base}/${PARTS[page.kind]}/${encodeURIComponent(page.id)}`) + search;
}

/** The page at an address below `base`. */
export function pageAt(base: string, path: string): Page {
  const [part, id] = path.slice(base.length).split("/").filter(Boolean);
  if (id !== undefined) {
    if (part === PARTS.session) return { kind: "session", id: decodeURIComponent(id) };
    if (part === PARTS.person) return { kind: "person", id: decodeURIComponent(id) };
  }
  return { kind: "schedule" };
}
