/** Chords by pointer: selected, typed, and their borders dragged. */
import type { ChordLane, ChordRow } from "../api/types";
import { beatOf, chordRoom, chordsCommand, movedBorder } from "../model/edits";
import { selectBars, selectChord } from "../model/selection";
import { chordsOf, songBars } from "../model/song";
import { STEPS_PER_BEAT, barOfStep, barsBetween, beatsPerBar } from "../model/time";
import { type Desk, follow, rowOf } from "./desk";
import type { Stage } from "./stage";

export function chordHands(element: SVGSVGElement, lane: ChordLane, stage: Stage, desk: Desk): void {
  element.addEventListener("pointerdown", (event) => {
    const song = desk.song();
    if (event.button !== 0 || !song) return;
    const shape = (event.target as Element).closest<SVGGElement>(".chord");
    if (!shape) return lane === "chords" ? bars(event) : undefined;
    const chord = rowOf(shape) as ChordRow;
    desk.select(selectChord(desk.selection(), lane, chord));
    shape.focus({ preventScroll: true });
    if ((event.target as Element).classList.contains("grip")) dragBorder(event, chord);
  });
  element.addEventListener("dblclick", (event) => {
    const song = desk.song();
    if (!song) return;
    const shape = (event.target as Element).closest(".chord");
    if (shape) return desk.typeChord(lane, rowOf(shape) as ChordRow, false);
    if (lane !== "chords") return;
    const room = chordRoom(chordsOf(song, lane) ?? [], beatOf(stage.stepAt(event.clientX)), beatsPerBar(song.meter));
    if (room) desk.typeChord(lane, [room[0], room[1], ""], true);
  });

  function dragBorder(event: PointerEvent, chord: ChordRow): void {
    const song = desk.song()!;
    const firstStep = stage.stepAt(event.clientX);
    let moved: ReturnType<typeof movedBorder> = null;
    follow(event, element, (at) => {
      const beats = Math.round((stage.stepAt(at.clientX) - firstStep) / STEPS_PER_BEAT);
      moved = movedBorder(chordsOf(song, lane) ?? [], chord, beats);
      desk.preview(moved ? [chordsCommand(lane, moved.remove, moved.add)] : []);
      desk.select(selectChord(desk.selection(), lane, moved?.add.at(-1) ?? chord));
    }, (kept) => {
      desk.preview([]);
      if (kept && moved) desk.change(chordsCommand(lane, moved.remove, moved.add));
      else desk.select(selectChord(desk.selection(), lane, chord));
    });
  }

  function bars(event: PointerEvent): void {
    const song = desk.song()!;
    const bar = barOfStep(stage.stepAt(event.clientX), song.meter);
    desk.select(selectBars(barsBetween(bar, bar, songBars(song))));
  }
}
