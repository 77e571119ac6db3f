/** Enough of Harte's chord syntax to let chords be heard: the server reads and names them. */

const NATURALS: Record<string, number> = { C: 0, D: 2, E: 4, F: 5, G: 7, A: 9, B: 11 };
const DEGREES = [0, 0, 2, 4, 5, 7, 9, 11, 12, 14, 16, 17, 19, 21];
const QUALITIES: Record<string, readonly number[]> = {
  maj: [0, 4, 7], min: [0, 3, 7], dim: [0, 3, 6], aug: [0, 4, 8], sus2: [0, 2, 7], sus4: [0, 5, 7], "7": [0, 4, 7, 10],
  maj7: [0, 4, 7, 11], min7: [0, 3, 7, 10], minmaj7: [0, 3, 7, 11], hdim7: [0, 3, 6, 10], dim7: [0, 3, 6, 9],
  maj6: [0, 4, 7, 9], min6: [0, 3, 7, 9], "maj(9)": [0, 2, 4, 7], "min(9)": [0, 2, 3, 7], "sus4(b7)": [0, 5, 7, 10],
  "aug(b7)": [0, 4, 8, 10], "9": [0, 2, 4, 7, 10], maj9: [0, 2, 4, 7, 11], min9: [0, 2, 3, 7, 10], "maj6(9)": [0, 2, 4, 7, 9],
  "sus4(b7,9)": [0, 2, 5, 7, 10], "min7(11)": [0, 3, 5, 7, 10],
};
const BASS_OCTAVE = 36;
const CHORD_OCTAVE = 55;

/** Bass and close position from G3 upwards, as MIDI pitches; a symbol that is not known here is its root alone. */
export function chordPitches(harte: string): number[] {
  const match = /^([A-G])([b#]*)(?::([^/]+))?(?:\/([b#]*)(\d+))?$/.exec(harte);
  if (!match) return [];
  const [, letter = "C", signs = "", quality = "maj", bassSigns = "", bassDegree] = match;
  const root = (NATURALS[letter]! + alteration(signs) + 24) % 12;
  const bass = bassDegree ? (root + (DEGREES[Number(bassDegree)] ?? 0) + alteration(bassSigns) + 24) % 12 : root;
  const tones = (QUALITIES[quality] ?? [0]).map((interval) => (root + interval) % 12);
  const upper = tones.map((tone) => CHORD_OCTAVE + ((tone - CHORD_OCTAVE) % 12 + 12) % 12);
  return [BASS_OCTAVE + bass, ...upper.sort((one, other) => one - other)];
}

function alteration(signs: string): number {
  return [...signs].reduce((sum, sign) => sum + (sign === "#" ? 1 : -1), 0);
}
