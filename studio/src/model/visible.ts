/** What of a long song is drawn: rows by tiles of bars, so that a page holds those in sight and no others. */

export interface Tiles<Row> {
  readonly stepsPerTile: number;
  /** Rows by the tile in which they begin. */
  readonly rows: readonly (readonly Row[])[];
}

export interface TileRange {
  readonly first: number;
  /** The one after the last. */
  readonly end: number;
}

export function tiled<Row>(rows: readonly Row[], startOf: (row: Row) => number, stepsPerTile: number, lengthSteps: number): Tiles<Row> {
  const tiles: Row[][] = Array.from({ length: Math.max(1, Math.ceil(lengthSteps / stepsPerTile)) }, () => []);
  for (const row of rows) tiles[Math.min(Math.floor(startOf(row) / stepsPerTile), tiles.length - 1)]!.push(row);
  return { stepsPerTile, rows: tiles };
}

/** The tiles between two steps, and one more on each side so that what begins before or is scrolled to is there. */
export function tilesBetween(firstStep: number, endStep: number, stepsPerTile: number, tiles: number): TileRange {
  return {
    first: Math.max(0, Math.floor(firstStep / stepsPerTile) - 1),
    end: Math.min(tiles, Math.ceil(endStep / stepsPerTile) + 1),
  };
}
