/** The line from where a session is to where a repair puts it: from edge to edge, so that no title is crossed. */

import type { Box } from "./grid.ts";

/** Room for the arrow's head before the edge it points at. */
const HEAD = 7;
const BULGE = 22;

export function arrow(from: Box, to: Box): string {
  const a = { x: from.left + from.width / 2, y: from.top + from.height / 2 };
  const b = { x: to.left + to.width / 2, y: to.top + to.height / 2 };
  if (from.left === to.left) return sameColumn(from, to, a.y, b.y);
  const rightwards = b.x > a.x;
  const startX = rightwards ? from.left + from.width : from.left;
  const endX = rightwards ? to.left - HEAD : to.left + to.width + HEAD;
  const reach = (endX - startX) / 2;
  return `M${startX} ${a.y}C${startX + reach} ${a.y} ${endX - reach} ${b.y} ${endX} ${b.y}`;
}

function sameColumn(from: Box, to: Box, startY: number, endY: number): string {
  const x = from.left + from.width;
  const edge = to.left + to.width + HEAD;
  return `M${x} ${startY}C${x + BULGE * 1.6} ${startY} ${edge + BULGE} ${endY} ${edge} ${endY}`;
}
