/** Plays what it is told is to be heard, a moment ahead of the clock: edits, mutes and other takes are heard at once. */
import { type Mixer, type Strike, indexAt, sounds } from "../model/playlist";
import { STEPS_PER_BEAT } from "../model/time";

/** What a player plays on; a synthesizer, or what a test listens with. */
export interface Instrument {
  readonly context: { readonly currentTime: number };
  strike(strike: Strike, start: number, end: number): void;
  silence(): void;
}

export interface Score {
  readonly strikes: readonly Strike[];
  readonly lengthSteps: number;
  readonly tempo: number;
}

const AHEAD_SECONDS = 0.15;
const SHORTEST_SECONDS = 0.03;
const START_SECONDS = 0.06;

export class Player {
  private anchorStep = 0;
  private anchorTime = 0;
  private nextStep = 0;
  private secondsPerStep = 0.1;
  private loop: readonly [number, number] | null = null;
  playing = false;

  constructor(
    private readonly instrument: Instrument,
    private readonly score: () => Score,
    private readonly mixer: () => Mixer,
  ) {}

  /** Where it plays, in steps, as it is heard. */
  position(): number {
    if (!this.playing) return this.anchorStep;
    return this.anchorStep + Math.max(0, this.instrument.context.currentTime - this.anchorTime) / this.secondsPerStep;
  }

  start(step: number, loop: readonly [number, number] | null): void {
    this.instrument.silence();
    this.playing = true;
    this.loop = loop;
    this.anchor(step, this.instrument.context.currentTime + START_SECONDS);
    this.nextStep = step;
    this.advance();
  }

  stop(): void {
    this.anchorStep = this.position();
    this.playing = false;
    this.instrument.silence();
  }

  /** Is called many times a second; gives `false` when the song is over. */
  advance(): boolean {
    if (!this.playing) return false;
    const score = this.score();
    if (secondsPerStep(score.tempo) !== this.secondsPerStep) this.anchor(this.position(), this.instrument.context.currentTime);
    const horizon = this.instrument.context.currentTime + AHEAD_SECONDS;
    for (;;) {
      const until = this.anchorStep + (horizon - this.anchorTime) / this.secondsPerStep;
      const end = this.loop ? this.loop[1] : score.lengthSteps;
      this.schedule(score, this.nextStep, Math.min(until, end));
      this.nextStep = Math.max(this.nextStep, Math.min(until, end));
      if (until < end) return true;
      if (!this.loop) {
        if (this.position() < end) return true;
        this.playing = false;
        this.anchorStep = end;
        return false;
      }
      this.wrap(this.loop);
    }
  }

  private wrap([first, end]: readonly [number, number]): void {
    const time = this.anchorTime + (end - this.anchorStep) * this.secondsPerStep;
    this.anchor(first, time);
    this.nextStep = first;
  }

  private anchor(step: number, time: number): void {
    this.anchorStep = step;
    this.anchorTime = time;
    this.secondsPerStep = secondsPerStep(this.score().tempo);
  }

  private schedule({ strikes }: Score, from: number, until: number): void {
    const mixer = this.mixer();
    for (let index = indexAt(strikes, from); index < strikes.length; index++) {
      const strike = strikes[index]!;
      if (strike.step >= until) return;
      if (!sounds(mixer, strike.part)) continue;
      const start = this.anchorTime + (strike.step - this.anchorStep) * this.secondsPerStep;
      const length = Math.max(SHORTEST_SECONDS, strike.duration * this.secondsPerStep - 0.01);
      this.instrument.strike(strike, start, start + length);
    }
  }
}

function secondsPerStep(tempo: number): number {
  return 60 / tempo / STEPS_PER_BEAT;
}
