/** A passage of the library that music is to be like. */
import type { Like, Listed } from "../api/types";

/** As it is chosen and typed. */
export interface Passage {
  readonly control: string;
  readonly song: string;
  readonly first: string;
  readonly last: string;
}

/** What is asked of the server; where one end is left out the passage begins with its song, or ends with it. */
export function likes(passage: Passage | null, songs: readonly Pick<Listed, "id" | "bars">[]): Like[] {
  if (!passage?.song) return [];
  const { control, song, first, last } = passage;
  const end = Number(last) || songs.find((one) => one.id === song)?.bars;
  return [{ control, song_id: song, bars: (first || last) && end ? [Number(first) || 1, end] : null }];
}
