/** What can be done to the song and its selection, by key, button or menu alike. */
import type { ChordLane, ChordRow, Command, Lane, NoteRow, RollLane } from "../api/types";
import { LANES } from "../api/types";
import { type NoteChange, changedNotes, chordsCommand, middle, notesCommand, splitNote } from "../model/edits";
import { type Phrase, newPhrases } from "../model/form";
import { toggledLocks } from "../model/locks";
import { NOTHING, neighbour, selectBars, selectNotes } from "../model/selection";
import { chordsOf, gridOf, isRoll, notesOf, songBars } from "../model/song";
import { type Bars, barOfStep } from "../model/time";
import { change } from "./editing";
import { hearNote, position } from "./playing";
import { clipboard, editedSong, opened, phrases, selection, shownSong, tool } from "./state";
import { tell } from "./toasts";

function chosenNotes(): { lane: RollLane; notes: readonly NoteRow[] } | null {
  const { lane, notes } = selection.value;
  return lane && isRoll(lane) && notes.length ? { lane, notes } : null;
}

export function changeNotes(wanted: NoteChange): void {
  const chosen = chosenNotes();
  const song = editedSong.value;
  if (!chosen || !song) return;
  const grid = gridOf(chosen.lane);
  const after = changedNotes(song, chosen.lane, chosen.notes, {
    ...wanted, steps: (wanted.steps ?? 0) * grid, duration: (wanted.duration ?? 0) * grid,
  });
  replaceNotes(chosen.lane, chosen.notes, after);
  if (wanted.semitones || wanted.velocity) hearNote(after[0]![2], after[0]![3], chosen.lane);
}

export function replaceNotes(lane: RollLane, before: readonly NoteRow[], after: readonly NoteRow[]): void {
  change(notesCommand(lane, before, after));
  selection.value = selectNotes(selection.value, lane, after);
}

/** Deletes the chosen notes or chord. */
export function deleteChosen(): void {
  const chosen = chosenNotes();
  const { lane, chord } = selection.value;
  if (chosen) replaceNotes(chosen.lane, chosen.notes, []);
  else if (chord && (lane === "chords" || lane === "reduced")) {
    change(chordsCommand(lane, [chord], []));
    selection.value = NOTHING;
  }
}

/** Cuts the chosen notes at the playhead where that is within them, else in their middle. */
export function splitChosen(): void {
  const chosen = chosenNotes();
  if (!chosen) return;
  const grid = gridOf(chosen.lane);
  const at = Math.round(position.value / grid) * grid;
  const pairs = chosen.notes.map((note) => splitNote(note, at) ?? splitNote(note, middle(note, grid)) ?? [note]);
  if (pairs.some((pair) => pair.length === 2)) replaceNotes(chosen.lane, chosen.notes, pairs.flat() as NoteRow[]);
}

/** Transposes all notes of the selected bars, in the lanes that have them; chosen notes alone where there are some. */
export function transpose(semitones: number): void {
  const song = editedSong.value;
  const { bars, notes } = selection.value;
  if (notes.length || !bars || !song) return changeNotes({ semitones });
  const commands = (["reduced", "melody", "piano"] as const).flatMap((lane): Command[] => {
    const inside = (notesOf(song, lane) ?? []).filter(([start]) => within(start, bars, song.meter));
    return inside.length ? [notesCommand(lane, inside, changedNotes(song, lane, inside, { semitones }))] : [];
  });
  change(...commands);
}

function within(step: number, bars: Bars, meter: string): boolean {
  const bar = barOfStep(step, meter);
  return bar >= bars.first && bar <= bars.last;
}

/** Chooses the next or the previous note of a lane, and gives it so that it can be shown and heard. */
export function walk(by: 1 | -1): { lane: Lane; key: string; step: number } | null {
  const song = editedSong.value;
  if (!song) return null;
  const { lane, notes, chord } = selection.value;
  if (chord && (lane === "chords" || lane === "reduced")) return walkChords(lane, chord, by);
  const roll = lane && isRoll(lane) ? lane : "melody";
  const next = neighbour(notesOf(song, roll) ?? [], (by > 0 ? notes.at(-1) : notes[0]) ?? null, by, position.value);
  if (!next) return null;
  selection.value = selectNotes(selection.value, roll, [next]);
  hearNote(next[2], next[3], roll);
  return { lane: roll, key: next.join(" "), step: next[0] };
}

function walkChords(lane: ChordLane, chord: ChordRow, by: 1 | -1): { lane: Lane; key: string; step: number } | null {
  const chords = chordsOf(editedSong.value!, lane) ?? [];
  const at = chords.findIndex((row) => row[0] === chord[0]);
  const next = chords[Math.min(Math.max(at + by, 0), chords.length - 1)];
  if (!next) return null;
  selection.value = { ...selection.value, lane, chord: next, notes: [] };
  return { lane, key: next.join(" "), step: next[0] * 4 };
}

/** The bars that are selected, or else all. */
export function chosenBars(): Bars {
  const song = shownSong.value;
  return selection.value.bars ?? { first: 1, last: song ? songBars(song) : 1 };
}

export function toggleLocks(lanes: readonly Lane[], bars: Bars = chosenBars()): void {
  const open = opened.value;
  if (open) change({ kind: "locks", locks: toggledLocks(open.locks, lanes, bars) });
}

/** Locks or unlocks the selected bars: of the lane in which something is chosen, or else of all lanes. */
export function lockChosen(): void {
  const { lane } = selection.value;
  toggleLocks(lane && lane !== "form" ? [lane] : LANES);
}

export function copyBars(): void {
  const { bars } = selection.value;
  const id = opened.value?.id;
  if (!bars || !id) return tell("Select bars first: drag along the bar numbers, or click a phrase.");
  clipboard.value = { song: id, bars: [bars.first, bars.last] };
  tell(bars.first === bars.last ? `Bar ${bars.first} copied.` : `Bars ${bars.first} to ${bars.last} copied.`);
}

/** Puts the copied bars where the selection, or else the playhead, is. */
export function pasteBars(): void {
  const song = editedSong.value;
  const copied = clipboard.value;
  if (!song || !copied) return tell("Nothing is copied yet.");
  const to_bar = selection.value.bars?.first ?? barOfStep(position.value, song.meter);
  change({ kind: "paste", lanes: ["reduced", "chords", "melody", "piano"], song_id: copied.song, bars: copied.bars, to_bar });
  selection.value = selectBars({ first: to_bar, last: Math.min(to_bar + copied.bars[1] - copied.bars[0], songBars(song)) });
}

export function selectAll(): void {
  const song = editedSong.value;
  if (!song) return;
  const { lane } = selection.value;
  if (lane && isRoll(lane) && selection.value.notes.length) selection.value = selectNotes(selection.value, lane, notesOf(song, lane) ?? []);
  else selection.value = selectBars({ first: 1, last: songBars(song) });
}

/** Moves the end of the selected bars by some; begins at the playhead where none are selected. */
export function extendBars(by: number): void {
  const song = editedSong.value;
  if (!song) return;
  const bars = selection.value.bars ?? startAt(barOfStep(position.value, song.meter), by);
  selection.value = selectBars({ first: bars.first, last: Math.min(Math.max(bars.last + by, bars.first), songBars(song)) });
}

function startAt(bar: number, by: number): Bars {
  return { first: bar, last: bar - Math.max(by, 0) };
}

export function changeForm(wanted: readonly Phrase[], chosen: number | null): void {
  change({ kind: "form", phrases: newPhrases(wanted) });
  if (chosen === null || !wanted[chosen]) return;
  const firstBar = wanted.slice(0, chosen).reduce((bar, phrase) => bar + phrase.bars, 1);
  selection.value = selectBars({ first: firstBar, last: firstBar + wanted[chosen].bars - 1 }, chosen, "form");
}

export function selectPhrase(number: number): void {
  const phrase = phrases.value[number];
  if (phrase) selection.value = selectBars({ first: phrase.firstBar, last: phrase.firstBar + phrase.bars - 1 }, number, "form");
}

export function toggleDrawing(): void {
  tool.value = tool.value === "draw" ? "select" : "draw";
}
