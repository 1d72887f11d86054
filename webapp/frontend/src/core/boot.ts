/** What the shell says to its island. */

import type { Boot } from "./wire.ts";

export function readBoot(): Boot {
  const element = document.getElementById("boot");
  if (!element?.textContent) throw new Error("the page has no boot data");
  return JSON.parse(element.textContent) as Boot;
}

/** The element that the island takes over, emptied of what the server had put there. */
export function takeOver(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no element '${id}'`);
  element.replaceChildren();
  return element;
}
