/** What the command palette offers for what was typed: the best first, a few of each kind. */

export interface Offer {
  /** What kind of thing it is, said before it. */
  kind: string;
  text: string;
  run: () => void;
}

const MOST = 12;

/** Offers whose text has every word that was typed; those that begin with it come first, within each kind in order. */
export function matching(offers: readonly Offer[], typed: string): Offer[] {
  const words = fold(typed).split(/\s+/).filter(Boolean);
  const found = offers
    .map((offer) => ({ offer, text: fold(`${offer.text} ${offer.kind}`) }))
    .filter(({ text }) => words.every((word) => text.includes(word)));
  const rank = (text: string) => (words.length > 0 && text.startsWith(words[0]!) ? 0 : 1);
  return found
    .map(({ offer, text }, index) => ({ offer, rank: rank(text), index }))
    .sort((a, b) => a.rank - b.rank || a.index - b.index)
    .slice(0, MOST)
    .map(({ offer }) => offer);
}

/** `14:30`, `9.15` or `1430` as minutes since midnight; null if it is no time. */
export function typedTime(typed: string): number | null {
  const [, hours, minutes] = /^\s*([01]?\d|2[0-3])[:.]?([0-5]\d)\s*$/.exec(typed) ?? [];
  return hours === undefined ? null : Number(hours) * 60 + Number(minutes);
}

function fold(text: string): string {
  return text.normalize("NFD").replace(/\p{Diacritic}/gu, "").toLowerCase();
}
