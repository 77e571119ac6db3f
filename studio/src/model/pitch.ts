/** Names of pitches, and the range that a roll shows. */
import type { NoteRow } from "../api/types";

const SHARPS = ["C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B"];
const FLATS = ["C", "D♭", "D", "E♭", "E", "F", "G♭", "G", "A♭", "A", "B♭", "B"];
const FLAT_KEYS = new Set(["F", "B♭", "E♭", "A♭", "D♭", "G♭", "Bb", "Eb", "Ab", "Db", "Gb"]);
const FLAT_MINORS = new Set(["D", "G", "C", "F", "B♭", "E♭", "Bb", "Eb"]);

/** `60` → `C4`, spelt with flats in keys that have them. */
export function pitchName(pitch: number, key: string | null = null): string {
  const [tonic = "", mode = ""] = (key ?? "").split(" ");
  const flat = mode === "minor" ? FLAT_MINORS.has(tonic) : FLAT_KEYS.has(tonic);
  return `${(flat ? FLATS : SHARPS)[pitch % 12]}${Math.floor(pitch / 12) - 1}`;
}

export interface PitchRange {
  /** The lowest and the highest pitch that have a row. */
  readonly lowest: number;
  readonly highest: number;
}

const FEWEST_SEMITONES = 15;
const MARGIN = 2;

/** The rows that show all notes with some room to move them; a roll without notes shows the middle of the piano. */
export function pitchRange(notes: readonly NoteRow[]): PitchRange {
  if (!notes.length) return { lowest: 58, highest: 78 };
  let lowest = 127;
  let highest = 0;
  for (const [, , pitch] of notes) {
    lowest = Math.min(lowest, pitch);
    highest = Math.max(highest, pitch);
  }
  const spare = Math.max(MARGIN, Math.ceil((FEWEST_SEMITONES - (highest - lowest)) / 2));
  return { lowest: Math.max(0, lowest - spare), highest: Math.min(127, highest + spare) };
}

export function octaves(range: PitchRange): number[] {
  const found: number[] = [];
  for (let pitch = Math.ceil(range.lowest / 12) * 12; pitch <= range.highest; pitch += 12) found.push(pitch);
  return found;
}
