/** What is selected: bars, which every lane shows, and notes or chords of one lane. */
import type { ChordRow, Lane, NoteRow } from "../api/types";
import { rowId, sameRow } from "./song";
import type { Bars } from "./time";

export interface Selection {
  readonly bars: Bars | null;
  readonly lane: Lane | null;
  readonly notes: readonly NoteRow[];
  readonly chord: ChordRow | null;
  /** Number of the phrase, from 0, that was clicked. */
  readonly phrase: number | null;
}

export const NOTHING: Selection = { bars: null, lane: null, notes: [], chord: null, phrase: null };

export function selectBars(bars: Bars, phrase: number | null = null, lane: Lane | null = null): Selection {
  return { ...NOTHING, bars, phrase, lane };
}

export function selectNotes(selection: Selection, lane: Lane, notes: readonly NoteRow[]): Selection {
  return { ...selection, lane, notes, chord: null, phrase: null };
}

export function selectChord(selection: Selection, lane: Lane, chord: ChordRow): Selection {
  return { ...selection, lane, notes: [], chord, phrase: null };
}

/** With a note more, or without it where it was selected; notes of another lane are let go. */
export function toggleNote(selection: Selection, lane: Lane, note: NoteRow): Selection {
  const before = selection.lane === lane ? selection.notes : [];
  const others = before.filter((row) => !sameRow(row, note));
  return selectNotes(selection, lane, others.length < before.length ? others : [...before, note]);
}

export interface Box {
  readonly firstStep: number;
  readonly endStep: number;
  readonly lowest: number;
  readonly highest: number;
}

/** The notes that a rubber band touches. */
export function notesIn(box: Box, notes: readonly NoteRow[]): NoteRow[] {
  return notes.filter(
    ([start, duration, pitch]) =>
      start < box.endStep && start + duration > box.firstStep && pitch >= box.lowest && pitch <= box.highest,
  );
}

/** The note after (1) or before (-1) the one that is selected, in order of time; the first at or after a step where none is. */
export function neighbour(notes: readonly NoteRow[], from: NoteRow | null, by: 1 | -1, atStep = 0): NoteRow | null {
  if (!notes.length) return null;
  const at = from ? notes.findIndex((row) => sameRow(row, from)) : -1;
  if (at < 0) return notes.find(([start]) => start >= atStep) ?? notes[notes.length - 1]!;
  return notes[Math.min(Math.max(at + by, 0), notes.length - 1)]!;
}

/** What of a selection is still there after the song changed. */
export function surviving(selection: Selection, notes: readonly NoteRow[], chords: readonly ChordRow[], phrases: number): Selection {
  const ids = new Set(notes.map(rowId));
  const chord = selection.chord && chords.some((row) => sameRow(row, selection.chord!)) ? selection.chord : null;
  const phrase = selection.phrase !== null && selection.phrase < phrases ? selection.phrase : null;
  return { ...selection, notes: selection.notes.filter((row) => ids.has(rowId(row))), chord, phrase };
}
