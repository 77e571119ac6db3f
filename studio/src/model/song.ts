/** Reading and changing the server's song: rows of notes and chords by lane. Nothing here changes what it is given. */
import type { ChordLane, ChordRow, Lane, LeadSheet, NoteRow, RollLane, Song } from "../api/types";
import { formBars, parseForm } from "./form";
import { STEPS_PER_BEAT, stepsPerBar } from "./time";

export function songBars(song: Song): number {
  return formBars(parseForm(song.form));
}

export function lengthSteps(song: Song): number {
  return songBars(song) * stepsPerBar(song.meter);
}

/** The notes of a lane, or `null` where the song has no such level yet. */
export function notesOf(song: Song, lane: RollLane): readonly NoteRow[] | null {
  if (lane === "piano") return song.accompaniment as NoteRow[] | null;
  const sheet = lane === "melody" ? song.lead_sheet : song.reduced_lead_sheet;
  return sheet ? (sheet.melody as NoteRow[]) : null;
}

export function chordsOf(song: Song, lane: ChordLane): readonly ChordRow[] | null {
  const sheet = lane === "chords" ? song.lead_sheet : song.reduced_lead_sheet;
  return sheet ? (sheet.chords as ChordRow[]) : null;
}

export function isRoll(lane: Lane): lane is RollLane {
  return lane === "reduced" || lane === "melody" || lane === "piano";
}

/** What notes of a lane begin and end on, in steps: the reduced lead sheet lives on beats. */
export function gridOf(lane: Lane): number {
  return lane === "reduced" || lane === "chords" ? STEPS_PER_BEAT : 1;
}

const EMPTY: LeadSheet = { melody: [], chords: [] };

export function withNotes(song: Song, lane: RollLane, notes: readonly NoteRow[]): Song {
  const sorted = [...notes].sort(compareNotes);
  if (lane === "piano") return { ...song, accompaniment: sorted };
  if (lane === "melody") return { ...song, lead_sheet: { ...(song.lead_sheet ?? EMPTY), melody: sorted } };
  return { ...song, reduced_lead_sheet: { ...(song.reduced_lead_sheet ?? EMPTY), melody: sorted } };
}

export function withChords(song: Song, lane: ChordLane, chords: readonly ChordRow[]): Song {
  const sorted = [...chords].sort((one, other) => one[0] - other[0]);
  if (lane === "chords") return { ...song, lead_sheet: { ...(song.lead_sheet ?? EMPTY), chords: sorted } };
  return { ...song, reduced_lead_sheet: { ...(song.reduced_lead_sheet ?? EMPTY), chords: sorted } };
}

export function compareNotes(one: NoteRow, other: NoteRow): number {
  return one[0] - other[0] || one[2] - other[2] || one[1] - other[1];
}

export function sameRow(one: readonly unknown[], other: readonly unknown[]): boolean {
  return one.length === other.length && one.every((value, column) => value === other[column]);
}

/** A row as a text that tells it from all others of its lane. */
export function rowId(row: readonly unknown[]): string {
  return row.join(" ");
}

/** Rows without some and with others; a row that occurs twice leaves once. */
export function replaced<Row extends readonly unknown[]>(rows: readonly Row[], remove: readonly Row[], add: readonly Row[]): Row[] {
  const leaving = new Map<string, number>();
  for (const row of remove) leaving.set(rowId(row), (leaving.get(rowId(row)) ?? 0) + 1);
  const kept = rows.filter((row) => {
    const left = leaving.get(rowId(row)) ?? 0;
    if (left) leaving.set(rowId(row), left - 1);
    return !left;
  });
  return [...kept, ...add];
}
