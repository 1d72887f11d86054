/** An element's id for a session or a room, whose own id may hold anything: references split at spaces. */
export function elementId(kind: "session" | "room", id: string): string {
  return `${kind}-${encodeURIComponent(id)}`;
}
