/** Eight hues for tracks; a track's name always stands beside its colour. */

const HUES = 8;

export function hueOf(tracks: readonly string[], track: string | null): number | null {
  const index = track === null ? -1 : tracks.indexOf(track);
  return index < 0 ? null : (255 + 45 * (index % HUES)) % 360;
}
