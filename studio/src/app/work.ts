/** Work of the server: composing, progress, takes that are heard one against the other. */
import { batch, signal } from "@preact/signals";
import { api } from "../api/client";
import { listen } from "../api/events";
import type { Composing, Job, Recomposing, Song } from "../api/types";
import { openSong, refreshTakes, replace, settled, show } from "./editing";
import { playPassage, playing, selectedSteps } from "./playing";
import { NOTHING } from "../model/selection";
import { audition, draft, isActive, jobs, opened, overlay, panel, panelOpen, pending, selection, takes } from "./state";
import { tell, told } from "./toasts";

/** The job whose song is shown while it grows. */
export const watched = signal<string | null>(null);
const songs = new Map<string, Song>();

export function connect(): () => void {
  return listen({
    job: heard,
    song: ({ id, version }) => {
      const open = opened.value;
      if (open?.id !== id || version <= open.version || pending.value.length) return;
      setTimeout(() => {
        if (opened.value?.id !== id || opened.value.version >= version) return;
        tell("This song was changed in another page.", "news", [{ label: "Show the change", run: () => void openSong(id) }]);
      }, 1000); // the answer to this page's own change may still be under way
    },
    open: () => void refreshJobs(),
  });
}

export async function refreshJobs(): Promise<void> {
  const found = await told(api.jobs);
  if (!found) return;
  jobs.value = found;
  const growing = found.find((job) => job.kind === "compose" && isActive(job));
  if (growing && !opened.value) watch(growing);
}

function heard(job: Job): void {
  const before = jobs.value.find((other) => other.id === job.id);
  jobs.value = before ? jobs.value.map((other) => (other.id === job.id ? job : other)) : [...jobs.value, job];
  if (job.id === watched.value) void grow(job, before);
  else if (job.song_id && job.song_id === opened.value?.id) void takesOf(job, before);
}

async function grow(job: Job, before: Job | undefined): Promise<void> {
  const id = job.song_id;
  if (id && job.takes[0]?.state === "done") {
    watched.value = null;
    if (opened.value) return tell("Your song is there.", "news", [{ label: "Open it", run: () => void openSong(id) }]);
    await openSong(id);
    tell("Your song is there. Press Space to hear it.");
  } else if (!isActive(job)) {
    watched.value = null;
    draft.value = null;
    if (job.state === "failed") tell(job.error ?? "Composing failed.", "trouble");
    if (!opened.value) overlay.value = "start";
  } else if (job.level !== before?.level) {
    const found = await told(() => api.job(job.id));
    const song = found?.takes[0]?.song;
    if (song && watched.value === job.id && !opened.value) draft.value = song;
  }
}

async function takesOf(job: Job, before: Job | undefined): Promise<void> {
  const done = (some: Job | undefined) => some?.takes.filter((take) => take.state === "done").length ?? 0;
  if (job.state === "failed") tell(job.error ?? "Composing failed.", "trouble");
  if (done(job) === done(before)) return;
  await refreshTakes();
  if (done(before) || !done(job)) return;
  panel.value = "takes";
  panelOpen.value = true;
  if (job.kind === "recompose") void hearTake(job.id, job.takes.find((take) => take.state === "done")!.number);
}

function watch(job: Job): void {
  batch(() => {
    watched.value = job.id;
    opened.value = null;
    selection.value = NOTHING;
    draft.value = null;
    overlay.value = null;
  });
  history.replaceState(null, "", location.pathname);
}

export async function compose(request: Composing): Promise<void> {
  await settled();
  const job = await told(() => api.compose(request));
  if (!job) return;
  watch(job);
  begun(job);
}

/** Quick work may be over before the answer that it has begun is here. */
function begun(job: Job): void {
  const known = jobs.value.find((other) => other.id === job.id);
  jobs.value = jobs.value.filter((other) => other.id !== job.id);
  heard(known ?? job);
}

export async function recompose(request: Omit<Recomposing, "base_version">): Promise<void> {
  await settled();
  const open = opened.value;
  if (!open) return;
  const job = await told(() => api.recompose(open.id, { ...request, base_version: open.version }));
  if (job) begun(job);
}

export async function stopJob(id: string): Promise<void> {
  const job = await told(() => api.stop(id));
  if (job) heard(job);
}

export async function restartJob(id: string): Promise<void> {
  const job = await told(() => api.restart(id));
  if (!job) return;
  heard(job);
  if (job.kind === "compose") watch(job);
}

async function takeSong(job: string, number: number): Promise<Song | null> {
  const key = `${job}/${number}`;
  if (!songs.has(key)) {
    const found = await told(() => api.job(job));
    for (const take of found?.takes ?? []) if (take.song && take.state === "done") songs.set(`${job}/${take.number}`, take.song);
  }
  return songs.get(key) ?? null;
}

/** Shows a take in place of the song; what plays goes on from where it is. */
export async function hearTake(job: string, number: number): Promise<void> {
  const song = await takeSong(job, number);
  if (song) audition.value = { job, number, song };
}

/** The song, then every take of the work that is heard, or else of the latest, then the song again. */
export async function compare(): Promise<void> {
  const job = audition.value?.job ?? takes.value[0]?.job;
  const compared = takes.value.filter((take) => take.job === job).sort((one, other) => one.number - other.number);
  if (!compared.length) return tell("No takes yet: select bars and compose them again.");
  const take = compared[audition.value ? compared.findIndex(({ number }) => number === audition.value?.number) + 1 : 0];
  if (take) await hearTake(take.job, take.number);
  else audition.value = null;
  const passage = selectedSteps.value;
  if (passage && playing.value) playPassage(...passage);
}

/** Puts the take that is heard in the song's place. */
export async function keepTake(): Promise<void> {
  const heardTake = audition.value;
  if (!heardTake) return;
  const number = heardTake.number;
  if (await replace((id, version) => api.take(id, heardTake.job, number, version))) {
    tell(`Take ${number} is in the song now. The others stay in the drawer.`);
    await refreshTakes();
  }
}

export async function importFile(file: File): Promise<void> {
  tell(`Reading ${file.name} …`);
  const found = await told(() => api.importFile(file));
  if (found) show(found);
}
