/** What sounds when: the notes of a song in order of time, by the part that plays them. */
import type { ChordRow, NoteRow, Song } from "../api/types";
import { chordPitches } from "./harmony";
import { chordsOf, notesOf } from "./song";
import { STEPS_PER_BEAT } from "./time";

export type Part = "reduced" | "chords" | "melody" | "piano";

export interface Strike {
  readonly step: number;
  readonly duration: number;
  readonly pitch: number;
  readonly velocity: number;
  readonly part: Part;
}

const CHORD_VELOCITY = 56;

export function playlist(song: Song): Strike[] {
  const strikes = [
    ...(notesOf(song, "reduced") ?? []).map((row) => strike(row, "reduced")),
    ...(notesOf(song, "melody") ?? []).map((row) => strike(row, "melody")),
    ...(notesOf(song, "piano") ?? []).map((row) => strike(row, "piano")),
    ...(chordsOf(song, "chords") ?? chordsOf(song, "reduced") ?? []).flatMap(chordStrikes),
  ];
  return strikes.sort((one, other) => one.step - other.step);
}

/** The first strike at or after a step, by halving. */
export function indexAt(strikes: readonly Strike[], step: number): number {
  let low = 0;
  let high = strikes.length;
  while (low < high) {
    const half = (low + high) >> 1;
    if (strikes[half]!.step < step) low = half + 1;
    else high = half;
  }
  return low;
}

export interface Mixer {
  readonly muted: ReadonlySet<Part>;
  readonly solo: ReadonlySet<Part>;
}

export function sounds(mixer: Mixer, part: Part): boolean {
  return mixer.solo.size ? mixer.solo.has(part) : !mixer.muted.has(part);
}

/** From what step, and to which, a selection is heard; `lead` bars before it are played once, before it is repeated. */
export function passage(firstStep: number, endStep: number, leadSteps: number): { from: number; loop: [number, number] } {
  return { from: Math.max(0, firstStep - leadSteps), loop: [firstStep, endStep] };
}

function strike([step, duration, pitch, velocity]: NoteRow, part: Part): Strike {
  return { step, duration, pitch, velocity, part };
}

function chordStrikes([beat, beats, symbol]: ChordRow): Strike[] {
  return chordPitches(symbol).map((pitch) => ({
    step: beat * STEPS_PER_BEAT, duration: beats * STEPS_PER_BEAT, pitch, velocity: CHORD_VELOCITY, part: "chords",
  }));
}
