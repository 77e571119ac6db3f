/** What the page knows, as signals: whoever reads one is drawn again when it changes. */
import { computed, signal } from "@preact/signals";
import type { Command, DrawerTake, Job, ServerState, Song, SongDocument } from "../api/types";
import { applied } from "../model/edits";
import { phrasesOf } from "../model/form";
import { NOTHING, type Selection } from "../model/selection";
import { lengthSteps } from "../model/song";
import type { TimeAxis } from "../model/time";

export type Panel = "selection" | "again" | "takes" | "about";
export type Tool = "select" | "draw";
export type Overlay = "start" | "library" | "help" | "export" | "score" | "history" | null;

export interface Audition {
  readonly job: string;
  readonly number: number;
  readonly song: Song;
}

export const server = signal<ServerState | null>(null);
export const opened = signal<SongDocument | null>(null);
/** Changes that the server has not answered yet, each one step for undo. */
export const pending = signal<readonly (readonly Command[])[]>([]);
/** What hands are just about to do, while they drag. */
export const preview = signal<readonly Command[]>([]);
/** A take that is looked at and heard in place of the song. */
export const audition = signal<Audition | null>(null);
/** A song that is being composed, as far as it has come. */
export const draft = signal<Song | null>(null);
export const selection = signal<Selection>(NOTHING);
export const tool = signal<Tool>("select");
export const panel = signal<Panel>("selection");
export const panelOpen = signal(true);
export const overlay = signal<Overlay>(null);
export const jobs = signal<readonly Job[]>([]);
export const takes = signal<readonly DrawerTake[]>([]);
export const pixelsPerStep = signal(2);
/** Whether copying a passage has put one on the page's clipboard. */
export const clipboard = signal<{ song: string; bars: [number, number] } | null>(null);

/** The song as the hands left it. */
export const editedSong = computed<Song | null>(() => {
  const song = opened.value?.song;
  return song ? applied(song, [...pending.value.flat(), ...preview.value]) : null;
});

/** The song that is shown and heard. */
export const shownSong = computed<Song | null>(() => draft.value ?? audition.value?.song ?? editedSong.value);
export const phrases = computed(() => (shownSong.value ? phrasesOf(shownSong.value) : []));
export const axis = computed<TimeAxis>(() => ({
  pixelsPerStep: pixelsPerStep.value, lengthSteps: shownSong.value ? lengthSteps(shownSong.value) : 0,
}));

/** Jobs of the song on the page that are not over. */
export const ownJobs = computed(() => jobs.value.filter((job) => isActive(job) && job.song_id === opened.value?.id));

export function isActive(job: Job): boolean {
  return job.state === "queued" || job.state === "running";
}
