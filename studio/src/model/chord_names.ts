/** Which chords find room for their names: those on the weightier beats first; one that only goes on is not named again. */
import type { ChordRow } from "../api/types";
import type { PhraseSpan } from "./form";
import { STEPS_PER_BEAT, beatsPerBar } from "./time";

/** Room between two names, and what may stand over the end of the song, in pixels. */
const GAP = 4;
const OVERHANG = 2;

export interface Writing {
  readonly meter: string;
  readonly phrases: readonly PhraseSpan[];
  readonly pixelsPerStep: number;
  readonly lengthSteps: number;
  /** How wide a chord's name is written, in pixels. */
  readonly width: (chord: ChordRow) => number;
}

export function namedChords(chords: readonly ChordRow[], writing: Writing): ChordRow[] {
  const perBar = beatsPerBar(writing.meter);
  const perBeat = writing.pixelsPerStep * STEPS_PER_BEAT;
  const phraseStarts = new Set(writing.phrases.map((phrase) => (phrase.firstBar - 1) * perBar));
  const changes = chords.filter((row, at) => chords[at - 1]?.[2] !== row[2]);
  const weight = ([beat]: ChordRow) =>
    (phraseStarts.has(beat) ? 0 : 4) + (beat % perBar === 0 ? 0 : 2) + (Math.floor(beat / perBar) % 2);
  const order = changes.map((_, at) => at).sort((one, other) => weight(changes[one]!) - weight(changes[other]!) || one - other);
  const ends: (number | undefined)[] = Array(changes.length).fill(undefined);
  for (const at of order) {
    const left = changes[at]![0] * perBeat;
    const right = left + writing.width(changes[at]!) + GAP;
    let before = at - 1;
    while (before >= 0 && ends[before] === undefined) before--;
    let after = at + 1;
    while (after < changes.length && ends[after] === undefined) after++;
    const free = (before < 0 || ends[before]! <= left) && (after >= changes.length || right <= changes[after]![0] * perBeat);
    if (free && right <= writing.lengthSteps * writing.pixelsPerStep + OVERHANG + GAP) ends[at] = right;
  }
  return changes.filter((_, at) => ends[at] !== undefined);
}
