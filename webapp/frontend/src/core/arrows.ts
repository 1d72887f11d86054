/** The line from where a session is to where a repair puts it: from edge to edge, so that no title of theirs is crossed. */

import { transposed, type Box } from "./grid.ts";

/** Room for the arrow's head before the edge it points at. */
const HEAD = 7;

/** The line, or null where none is needed; `turned` where rooms are rows. */
export function arrow(from: Box, to: Box, sameRoom: boolean, turned: boolean): string | null {
  const draw = sameRoom ? stay : cross;
  if (!turned) return draw(from, to);
  const path = draw(transposed(from), transposed(to));
  return path && path.replace(/(-?[\d.]+(?:e-?\d+)?) (-?[\d.]+(?:e-?\d+)?)/g, "$2 $1");
}

/** To another room: out of the side that faces it, into the side that is faced. */
export function cross(from: Box, to: Box): string {
  const rightwards = to.left > from.left;
  const startX = rightwards ? from.left + from.width : from.left;
  const endX = rightwards ? to.left - HEAD : to.left + to.width + HEAD;
  const [startY, endY] = [middle(from), middle(to)];
  const reach = (endX - startX) / 2;
  return `M${startX} ${startY}C${startX + reach} ${startY} ${endX - reach} ${endY} ${endX} ${endY}`;
}

/** Up or down within a room; null where the two stand side by side and need no line. */
export function stay(from: Box, to: Box): string | null {
  const down = to.top >= from.top + from.height;
  if (!down && from.top < to.top + to.height) return null;
  const [startX, endX] = [from.left + from.width / 2, to.left + to.width / 2];
  const startY = down ? from.top + from.height : from.top;
  const endY = down ? to.top - HEAD : to.top + to.height + HEAD;
  const reach = (endY - startY) / 2;
  return `M${startX} ${startY}C${startX} ${startY + reach} ${endX} ${endY - reach} ${endX} ${endY}`;
}

function middle(box: Box): number {
  return box.top + box.height / 2;
}
