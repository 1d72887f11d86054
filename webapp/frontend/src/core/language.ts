/** The language of the attendees' pages: chosen on this device, else the one that the server answered in. */

import { en, type Words } from "../words/en.ts";
import { recall } from "./device.ts";

export const LANGUAGES = { en: "English", de: "Deutsch" } as const;
export type Language = keyof typeof LANGUAGES;

/** The words of the language that was settled on before anything was drawn. */
export let say: Words = en;
export let language: Language = "en";

const KEPT = "callboard.language";

/** Settle on a language; only one that is not English has to be fetched. */
export async function settleLanguage(): Promise<void> {
  const asked = new URLSearchParams(location.search).get("lang");
  await speak([asked, recall<string>(KEPT), document.documentElement.lang].find(isLanguage) ?? "en");
  document.documentElement.lang = language;
}

export async function speak(chosen: Language): Promise<void> {
  say = chosen === "de" ? (await import("../words/de.ts")).de : en;
  language = chosen;
}

/** The address of this very page in another language. */
export function inLanguage(chosen: Language): string {
  const address = new URL(location.href);
  address.searchParams.set("lang", chosen);
  return address.pathname + address.search;
}

function isLanguage(text: string | null): text is Language {
  return text !== null && Object.hasOwn(LANGUAGES, text);
}
