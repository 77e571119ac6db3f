/** The song under edit: changes are shown at once, sent one after the other, and the server's answer is the truth. */
import { batch } from "@preact/signals";
import { ApiError, api } from "../api/client";
import type { ChordRow, Command, SongDocument } from "../api/types";
import { phrasesOf } from "../model/form";
import { NOTHING, surviving } from "../model/selection";
import { chordsOf, isRoll, notesOf, songBars } from "../model/song";
import { audition, opened, draft, overlay, pending, preview, selection, shownSong, takes } from "./state";
import { dismiss, tell, toasts, told } from "./toasts";

let draining: Promise<void> | null = null;

/** Does commands as one step for undo. */
export function change(...commands: Command[]): void {
  if (!opened.value || !commands.length) return;
  batch(() => {
    preview.value = [];
    audition.value = null;
    pending.value = [...pending.value, commands];
  });
  void settled();
}

/** When everything that was done so far is kept. */
export function settled(): Promise<void> {
  draining ??= drain().finally(() => (draining = null));
  return draining;
}

async function drain(): Promise<void> {
  for (let commands = pending.value[0]; commands; commands = pending.value[0]) {
    const open = opened.value;
    if (!open) return;
    try {
      const answer = await api.change(open.id, open.version, commands);
      batch(() => {
        opened.value = answer;
        pending.value = pending.value.slice(1);
      });
    } catch (error) {
      refused(error, open, pending.value.flat());
      return;
    }
  }
  keepSelection();
}

function refused(error: unknown, open: SongDocument, commands: readonly Command[]): void {
  pending.value = [];
  keepSelection();
  if (!(error instanceof ApiError)) throw error;
  if (error.status !== 409) {
    tell(error.message, "trouble");
    return;
  }
  tell("This song was changed in another page since. Your change is not lost.", "trouble", [
    { label: "Keep mine as a copy", run: () => void keepCopy(open, commands) },
    { label: "Show the other", run: () => void openSong(open.id) },
  ]);
}

async function keepCopy(open: SongDocument, commands: readonly Command[]): Promise<void> {
  const copy = await told(() => api.copy(open.id, open.version, `${open.name} (mine)`, commands));
  if (copy) show(copy);
}

let turn: Promise<unknown> = Promise.resolve();

/** Calls that answer with the song's new version (undo, redo, takes, versions), one after the other. */
export function replace(call: (id: string, version: number) => Promise<SongDocument>): Promise<boolean> {
  const done = turn.then(() => replaceNow(call));
  turn = done.catch(() => null);
  return done;
}

async function replaceNow(call: (id: string, version: number) => Promise<SongDocument>): Promise<boolean> {
  await settled();
  const open = opened.value;
  if (!open) return false;
  try {
    const answer = await call(open.id, open.version);
    batch(() => {
      opened.value = answer;
      audition.value = null;
    });
    keepSelection();
    return true;
  } catch (error) {
    refused(error, open, []);
    return false;
  }
}

export const undo = () => replace(api.undo);
export const redo = () => replace(api.redo);

export async function openSong(id: string): Promise<void> {
  await settled();
  const found = await told(() => api.song(id));
  if (found) show(found);
}

/** Puts a document on the page; what was selected in another is let go. */
export function show(next: SongDocument): void {
  const same = opened.value?.id === next.id;
  batch(() => {
    opened.value = next;
    pending.value = [];
    preview.value = [];
    audition.value = null;
    draft.value = null;
    if (!same) {
      selection.value = NOTHING;
      takes.value = [];
    }
    if (overlay.value === "start" || overlay.value === "library") overlay.value = null;
  });
  for (const toast of toasts.value) if (toast.actions.length && !same) dismiss(toast.id);
  keepSelection();
  history.replaceState(null, "", `#${next.id}`);
  document.title = `${next.name} · Canzona Studio`;
  if (next.read) tell(next.read);
  void refreshTakes();
}

export async function refreshTakes(): Promise<void> {
  const id = opened.value?.id;
  if (!id) return;
  const found = await told(() => api.takes(id));
  if (found && opened.value?.id === id) takes.value = found;
}

function keepSelection(): void {
  const song = shownSong.value;
  if (!song) return;
  const { bars, lane } = selection.value;
  if (bars && bars.last > songBars(song)) selection.value = NOTHING;
  if (!lane) return;
  const notes = isRoll(lane) ? (notesOf(song, lane) ?? []) : [];
  const chords: readonly ChordRow[] = lane === "chords" || lane === "reduced" ? (chordsOf(song, lane) ?? []) : [];
  selection.value = surviving(selection.value, notes, chords, phrasesOf(song).length);
}
