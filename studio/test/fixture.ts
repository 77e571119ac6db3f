import type { Song } from "../src/api/types";

/** Four bars of 4/4: an intro bar, two of A in which a melody sings, and one more of i. */
export function song(change: Partial<Song> = {}): Song {
  return {
    format: "canzona-song", version: 1, rows: {}, form: "i1A2i1", keys: ["G major", "G major", null], meter: "4/4", tempo: 90,
    reduced_lead_sheet: { melody: [[16, 8, 67, 80]], chords: [[4, 8, "G:maj"]] },
    lead_sheet: {
      melody: [[16, 4, 67, 80], [20, 4, 69, 80], [32, 8, 71, 80]],
      chords: [[4, 4, "G:maj"], [8, 4, "E:min7"]],
    },
    accompaniment: [[0, 16, 43, 60], [16, 8, 43, 60], [16, 8, 59, 60]],
    provenance: {},
    ...change,
  };
}
