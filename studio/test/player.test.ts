import { describe, expect, it } from "vitest";
import type { Mixer, Strike } from "../src/model/playlist";
import { Player, type Score } from "../src/sound/player";

const strikes: Strike[] = Array.from({ length: 16 }, (_, number) => ({
  step: number * 2, duration: 2, pitch: 60 + number, velocity: 80, part: number % 2 ? "melody" : "piano",
}));

function setUp(tempo = 150) {
  const heard: { pitch: number; start: number }[] = [];
  const context = { currentTime: 0 };
  const state = { score: { strikes, lengthSteps: 32, tempo } as Score, mixer: { muted: new Set(), solo: new Set() } as Mixer };
  const instrument = {
    context,
    strike: (strike: Strike, start: number) => void heard.push({ pitch: strike.pitch, start }),
    silence: () => {},
  };
  const player = new Player(instrument, () => state.score, () => state.mixer);
  const run = (seconds: number) => {
    const end = context.currentTime + seconds;
    while (context.currentTime < end && (player.advance() || player.playing)) context.currentTime += 0.025;
  };
  return { heard, state, player, run, context };
}

describe("player", () => {
  it("plays every note once, in time, and ends with the song", () => {
    const { heard, player, run } = setUp();
    player.start(0, null);
    run(10);
    expect(heard.map((note) => note.pitch)).toEqual(strikes.map((strike) => strike.pitch));
    expect(heard[5]!.start - heard[0]!.start).toBeCloseTo(10 * 0.1, 6);
    expect(player.playing).toBe(false);
  });
  it("repeats a passage after what leads up to it", () => {
    const { heard, player, run } = setUp();
    player.start(4, [8, 12]);
    run(1.7);
    expect(heard.map((note) => note.pitch - 60).slice(0, 8)).toEqual([2, 3, 4, 5, 4, 5, 4, 5]);
    expect(player.position()).toBeLessThan(13);
  });
  it("hears at once what is muted and that another song is put in its place", () => {
    const { heard, state, player, run } = setUp();
    player.start(0, null);
    run(0.5);
    state.mixer = { muted: new Set(["melody"]), solo: new Set() };
    const before = heard.length;
    run(1);
    expect(heard.slice(before).every((note) => note.pitch % 2 === 0)).toBe(true);
    state.score = { strikes: [], lengthSteps: 32, tempo: 150 };
    const silent = heard.length;
    run(5);
    expect(heard.length).toBe(silent);
  });
  it("goes on from where it is when the tempo changes", () => {
    const { state, player, run } = setUp();
    player.start(0, null);
    run(1);
    const before = player.position();
    state.score = { ...state.score, tempo: 75 };
    run(0.2);
    expect(player.position() - before).toBeGreaterThan(0.7);
    expect(player.position() - before).toBeLessThan(2.1);
  });
});
