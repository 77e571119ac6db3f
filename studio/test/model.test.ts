import { describe, expect, it } from "vitest";
import type { ChordRow, Lock, NoteRow } from "../src/api/types";
import { applied, changedNotes, chordRoom, chordsCommand, movedBorder, notesCommand, splitNote } from "../src/model/edits";
import { formText, parseForm, phrasesOf, shortKey, withCopy, withMoved, withSplit, withoutPhrase } from "../src/model/form";
import { namedChords } from "../src/model/chord_names";
import { chordPitches } from "../src/model/harmony";
import { likes } from "../src/model/like";
import { isLocked, toggledLocks, touchesLock } from "../src/model/locks";
import { pitchName, pitchRange } from "../src/model/pitch";
import { indexAt, passage, playlist, sounds } from "../src/model/playlist";
import { NOTHING, neighbour, notesIn, selectNotes, surviving, toggleNote } from "../src/model/selection";
import { lengthSteps, notesOf, replaced } from "../src/model/song";
import { barsBetween, clock, fitted, lengthName, placeName, zoomed } from "../src/model/time";
import { tiled, tilesBetween } from "../src/model/visible";
import { song } from "./fixture";

describe("time", () => {
  it("names places as musicians count them", () => {
    expect(placeName(0, "4/4")).toBe("1.1");
    expect(placeName(16 + 6, "4/4")).toBe("2.2.3");
    expect(placeName(12, "3/4")).toBe("2.1");
  });
  it("orders bars that are dragged backwards and keeps them within the song", () => {
    expect(barsBetween(9, 0, 6)).toEqual({ first: 1, last: 6 });
  });
  it("names lengths and times", () => {
    expect(lengthName(6)).toBe("dotted quarter");
    expect(lengthName(5)).toBe("5 sixteenths");
    expect(clock(40 * 16, 90)).toBe("1:47");
  });
  it("fits a song into a width, and zooms within bounds", () => {
    expect(fitted(640, 1280).pixelsPerStep).toBe(2);
    expect(zoomed(fitted(640, 1280), 1000).pixelsPerStep).toBeLessThan(100);
  });
});

describe("form", () => {
  it("is text and blocks", () => {
    expect(formText(parseForm("i4A8B8", ["G major", "G major", "E minor"]))).toBe("i4@G A8 B8@Em");
    expect(formText(parseForm("i4A8"))).toBe("i4 A8");
    expect(shortKey("B♭ minor")).toBe("Bbm");
  });
  it("knows where its phrases begin", () => {
    expect(phrasesOf(song()).map((phrase) => phrase.firstBar)).toEqual([1, 2, 4]);
  });
  it("splits, copies, moves and deletes phrases, whose music follows them", () => {
    const phrases = parseForm("A8B8");
    expect(withSplit(phrases, 0).map((phrase) => [phrase.bars, phrase.source])).toEqual([[4, 0], [4, null], [8, 1]]);
    expect(formText(withCopy(phrases, 1))).toBe("A8 B8 B8");
    expect(withMoved(phrases, 1, 0).map((phrase) => phrase.source)).toEqual([1, 0]);
    expect(withoutPhrase(parseForm("A8"), 0)).toHaveLength(1);
  });
});

describe("edits", () => {
  const notes = notesOf(song(), "melody")!;
  it("move notes together and keep them within song and keyboard", () => {
    expect(changedNotes(song(), "melody", notes, { steps: -100 })[0]![0]).toBe(0);
    const moved = changedNotes(song(), "melody", notes, { steps: 1000, semitones: 100 });
    expect(Math.max(...moved.map(([start, duration]) => start + duration))).toBe(lengthSteps(song()));
    expect(moved[1]![2] - moved[0]![2]).toBe(2);
    expect(Math.max(...moved.map(([, , pitch]) => pitch))).toBe(127);
  });
  it("never make a note shorter than the grid, and keep velocity audible", () => {
    expect(changedNotes(song(), "reduced", [[16, 8, 67, 80]], { duration: -50 })[0]![1]).toBe(4);
    expect(changedNotes(song(), "melody", notes, { velocity: -200 })[0]![3]).toBe(1);
  });
  it("show at once what the server will answer", () => {
    const [first] = notes;
    const after = applied(song(), [notesCommand("melody", [first!], [[18, 2, 72, 90]]), chordsCommand("chords", [], [[0, 4, "C:maj"]])]);
    expect(notesOf(after, "melody")![0]).toEqual([18, 2, 72, 90]);
    expect(after.lead_sheet!.chords[0]).toEqual([0, 4, "C:maj"]);
    expect(notesOf(song(), "melody")).toHaveLength(3);
  });
  it("remove one of two equal rows", () => {
    expect(replaced<NoteRow>([[0, 1, 60, 80], [0, 1, 60, 80]], [[0, 1, 60, 80]], [])).toHaveLength(1);
  });
  it("split a note within it only", () => {
    expect(splitNote([16, 8, 60, 80], 20)).toEqual([[16, 4, 60, 80], [20, 4, 60, 80]]);
    expect(splitNote([16, 8, 60, 80], 24)).toBeNull();
  });
  it("move the border of two chords, each keeping a beat", () => {
    const chords = song().lead_sheet!.chords as ChordRow[];
    expect(movedBorder(chords, chords[1]!, -2)!.add).toEqual([[4, 2, "G:maj"], [6, 6, "E:min7"]]);
    expect(movedBorder(chords, chords[1]!, -9)!.add[0]).toEqual([4, 1, "G:maj"]);
    expect(movedBorder(chords, chords[1]!, 0)).toBeNull();
  });
  it("find room for a chord up to the next, and none where one sounds", () => {
    expect(chordRoom([[2, 2, "C:maj"]], 0, 4)).toEqual([0, 2]);
    expect(chordRoom([[2, 2, "C:maj"]], 3, 4)).toBeNull();
    expect(chordRoom([], 5, 4)).toEqual([5, 3]);
  });
});

describe("locks", () => {
  it("join, part and come off again", () => {
    const locked = toggledLocks(toggledLocks([], ["melody"], { first: 1, last: 4 }), ["melody"], { first: 5, last: 6 });
    expect(locked).toEqual([{ lane: "melody", first_bar: 1, last_bar: 6 }]);
    const parted = toggledLocks(locked, ["melody"], { first: 3, last: 4 });
    expect(parted).toEqual([{ lane: "melody", first_bar: 1, last_bar: 2 }, { lane: "melody", first_bar: 5, last_bar: 6 }] satisfies Lock[]);
    expect(isLocked(parted, "melody", { first: 2, last: 3 })).toBe(false);
    expect(touchesLock(parted, "melody", { first: 2, last: 3 })).toBe(true);
    expect(touchesLock(parted, "piano", { first: 2, last: 3 })).toBe(false);
  });
});

describe("a passage to be like", () => {
  const passage = { control: "texture", song: "one", first: "", last: "" };
  const songs = [{ id: "one", bars: 24 }];
  it("is a whole song, or some of its bars", () => {
    expect(likes(null, songs)).toEqual([]);
    expect(likes({ ...passage, song: "" }, songs)).toEqual([]);
    expect(likes(passage, songs)).toEqual([{ control: "texture", song_id: "one", bars: null }]);
    expect(likes({ ...passage, first: "5", last: "8" }, songs)[0]?.bars).toEqual([5, 8]);
  });
  it("goes from the start, or to the end, where one bar is said", () => {
    expect(likes({ ...passage, last: "8" }, songs)[0]?.bars).toEqual([1, 8]);
    expect(likes({ ...passage, first: "5" }, songs)[0]?.bars).toEqual([5, 24]);
  });
});

describe("selection", () => {
  const notes = notesOf(song(), "melody")!;
  it("takes a note in and lets it go", () => {
    const one = toggleNote(NOTHING, "melody", notes[0]!);
    expect(one.notes).toHaveLength(1);
    expect(toggleNote(one, "melody", [...notes[0]!]).notes).toHaveLength(0);
    expect(toggleNote(one, "piano", [0, 16, 43, 60]).notes).toEqual([[0, 16, 43, 60]]);
  });
  it("finds what a rubber band touches", () => {
    expect(notesIn({ firstStep: 18, endStep: 21, lowest: 60, highest: 80 }, notes)).toHaveLength(2);
  });
  it("walks along the notes by key", () => {
    expect(neighbour(notes, null, 1, 18)).toBe(notes[1]);
    expect(neighbour(notes, notes[2]!, 1)).toBe(notes[2]);
    expect(neighbour([], null, 1)).toBeNull();
  });
  it("loses what the song no longer has", () => {
    expect(surviving(selectNotes(NOTHING, "melody", notes), notes.slice(1), [], 3).notes).toHaveLength(2);
  });
});

describe("sound", () => {
  it("plays every lane in order of time", () => {
    const strikes = playlist(song());
    expect(strikes.map((strike) => strike.step)).toEqual([...strikes.map((strike) => strike.step)].sort((a, b) => a - b));
    expect(strikes.filter((strike) => strike.part === "chords")).toHaveLength(4 + 5);
    expect(indexAt(strikes, 16)).toBe(strikes.findIndex((strike) => strike.step >= 16));
  });
  it("hears a solo alone, and all but what is muted", () => {
    expect(sounds({ muted: new Set(["piano"]), solo: new Set(["piano"]) }, "piano")).toBe(true);
    expect(sounds({ muted: new Set(["piano"]), solo: new Set() }, "piano")).toBe(false);
    expect(sounds({ muted: new Set(), solo: new Set(["piano"]) }, "melody")).toBe(false);
  });
  it("begins before a selection, but never before the song", () => {
    expect(passage(16, 32, 32)).toEqual({ from: 0, loop: [16, 32] });
  });
  it("builds chords on their bass", () => {
    expect(chordPitches("G:maj/3").map((pitch) => pitch % 12)).toEqual([11, 7, 11, 2]);
    expect(chordPitches("Bb:min7")[0]).toBe(46);
    expect(chordPitches("nothing")).toEqual([]);
  });
});

describe("drawing", () => {
  it("holds what is in sight and a tile beside", () => {
    const tiles = tiled([[0], [65], [640]], (row) => row[0]!, 64, 640);
    expect(tiles.rows.map((rows) => rows.length)).toEqual([1, 1, 0, 0, 0, 0, 0, 0, 0, 1]);
    expect(tilesBetween(130, 200, 64, 10)).toEqual({ first: 1, end: 5 });
    expect(tilesBetween(0, 640, 64, 10)).toEqual({ first: 0, end: 10 });
  });
  it("names chords on the weightier beats first, and none that only goes on", () => {
    const chords: ChordRow[] = [[0, 2, "C:maj"], [2, 2, "D:min"], [4, 4, "D:min"], [8, 1, "E:min"], [9, 3, "F:maj"]];
    const writing = { meter: "4/4", phrases: [], pixelsPerStep: 2, lengthSteps: 64, width: () => 15 };
    expect(namedChords(chords, writing).map((row) => row[0])).toEqual([0, 8]);
    expect(namedChords(chords, { ...writing, pixelsPerStep: 10 }).map((row) => row[0])).toEqual([0, 2, 8, 9]);
  });
  it("shows some room around few notes and spells pitches by key", () => {
    const range = pitchRange([[0, 4, 60, 80]]);
    expect(range.highest - range.lowest).toBeGreaterThanOrEqual(14);
    expect(pitchName(70, "F major")).toBe("B♭4");
    expect(pitchName(70)).toBe("A♯4");
  });
});
