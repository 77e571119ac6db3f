/** Hearing the song on the page: play, loops, mute and solo, volume; the synthesizer starts at the first note. */
import { computed, effect, signal } from "@preact/signals";
import { api } from "../api/client";
import { type Mixer, type Part, type Strike, passage, playlist } from "../model/playlist";
import { lengthSteps } from "../model/song";
import { stepOfBar, stepsPerBar } from "../model/time";
import { Player } from "../sound/player";
import type { Synthesizer } from "../sound/synthesizer";
import { selection, shownSong } from "./state";
import { tell } from "./toasts";

export const playing = signal(false);
/** In steps; where it plays, or would begin. */
export const position = signal(0);
export const looping = signal(false);
export const mixer = signal<Mixer>({ muted: new Set<Part>(["reduced", "chords"]), solo: new Set<Part>() });
export const volume = signal(0.8);
/** The loudest sample just now, 0 to 1. */
export const level = signal(0);
export const loadingSound = signal(false);

const LEAD_BARS = 2;
const TICK_MILLISECONDS = 25;

const strikes = computed<readonly Strike[]>(() => (shownSong.value ? playlist(shownSong.value) : []));
const score = computed(() => ({
  strikes: strikes.value,
  lengthSteps: shownSong.value ? lengthSteps(shownSong.value) : 0,
  tempo: shownSong.value?.tempo ?? 90,
}));

let sound: Promise<{ synthesizer: Synthesizer; player: Player } | null> | null = null;
let ready: { synthesizer: Synthesizer; player: Player } | null = null;
let ticking = 0;

/** Where a selection begins and ends, in steps; `null` where no bars are selected. */
export const selectedSteps = computed<[number, number] | null>(() => {
  const song = shownSong.value;
  const { bars } = selection.value;
  return song && bars ? [stepOfBar(bars.first, song.meter), stepOfBar(bars.last + 1, song.meter)] : null;
});

async function begin(): Promise<{ synthesizer: Synthesizer; player: Player } | null> {
  loadingSound.value = true;
  try {
    const sounding = await import("../sound/synthesizer");
    const synthesizer = await sounding.Synthesizer.start(api.soundfont);
    ready = { synthesizer, player: new Player(synthesizer, () => score.value, () => mixer.value) };
    effect(() => synthesizer.setVolume(volume.value * volume.value));
    return ready;
  } catch (error) {
    sound = null;
    tell(error instanceof Error ? error.message : String(error), "trouble");
    return null;
  } finally {
    loadingSound.value = false;
  }
}

async function play(from: number, loop: [number, number] | null): Promise<void> {
  sound ??= begin();
  const started = await sound;
  if (!started) return;
  await started.synthesizer.context.resume();
  started.player.start(from, loop);
  playing.value = true;
  clearInterval(ticking);
  ticking = window.setInterval(tick, TICK_MILLISECONDS);
}

function tick(): void {
  if (!ready) return;
  const going = ready.player.advance();
  position.value = ready.player.position();
  level.value = ready.synthesizer.peak();
  if (!going) stop();
}

export function stop(): void {
  clearInterval(ticking);
  if (!ready) return;
  if (ready.player.playing) ready.player.stop();
  position.value = ready.player.position() >= score.value.lengthSteps ? 0 : ready.player.position();
  playing.value = false;
  level.value = 0;
}

/** From the playhead, or from the start of what is selected; again: stop. */
export function togglePlay(): void {
  if (playing.value) return stop();
  const selected = selectedSteps.value;
  const inside = selected && position.value >= selected[0] && position.value < selected[1];
  const from = selected && !inside ? selected[0] : position.value;
  void play(from, looping.value ? (selected ?? [0, score.value.lengthSteps]) : null);
}

/** From two bars before what is selected, which is then repeated where loops are on. */
export function playFromBefore(): void {
  const song = shownSong.value;
  if (!song) return;
  const [first, end] = selectedSteps.value ?? [position.value, score.value.lengthSteps];
  const { from, loop } = passage(first, end, LEAD_BARS * stepsPerBar(song.meter));
  void play(from, looping.value ? loop : null);
}

export function seek(step: number): void {
  position.value = Math.max(0, Math.min(step, score.value.lengthSteps));
  if (playing.value) void play(position.value, looping.value ? selectedSteps.value : null);
}

/** Begins at a step and repeats a passage, as takes are compared; where it plays already, it goes on from where it is. */
export function playPassage(first: number, end: number): void {
  if (playing.value && position.value >= first && position.value < end) return;
  void play(first, [first, end]);
}

/** Lets a note be heard that is being put somewhere. */
export function hearNote(pitch: number, velocity: number, part: Part): void {
  if (!ready || playing.value) return;
  const now = ready.synthesizer.context.currentTime;
  ready.synthesizer.strike({ step: 0, duration: 1, pitch, velocity, part }, now, now + 0.35);
}

export function toggleMute(part: Part): void {
  mixer.value = { ...mixer.value, muted: toggled(mixer.value.muted, part) };
}

export function toggleSolo(part: Part): void {
  mixer.value = { ...mixer.value, solo: toggled(mixer.value.solo, part) };
}

function toggled(parts: ReadonlySet<Part>, part: Part): ReadonlySet<Part> {
  const changed = new Set(parts);
  if (!changed.delete(part)) changed.add(part);
  return changed;
}
