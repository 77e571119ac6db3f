/** Notes by pointer: selected, moved, stretched, drawn, and caught with a rubber band. */
import type { NoteRow } from "../api/types";
import { changedNotes, notesCommand, type NoteChange } from "../model/edits";
import { NOTHING, notesIn, selectNotes, toggleNote } from "../model/selection";
import { gridOf, lengthSteps, notesOf, rowId } from "../model/song";
import { STEPS_PER_BEAT, floored, snapped } from "../model/time";
import { type Desk, follow, rowOf } from "./desk";
import { pitchAt, rowHeight } from "./notes";
import type { RollView } from "./roll";
import type { Stage } from "./stage";
import { put } from "./svg";

const EDGE_PIXELS = 6;
const CLICK_PIXELS = 4;
const NEW_VELOCITY = 80;

export function rollHands(view: RollView, stage: Stage, desk: Desk): void {
  const { element, lane } = view;
  const yOf = (event: MouseEvent) => event.clientY - element.getBoundingClientRect().top;
  const pitchOf = (event: MouseEvent) => pitchAt(yOf(event), view.rows());
  const grid = gridOf(lane);

  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !desk.song()) return;
    const note = (event.target as Element).closest(".note");
    if (note) takeNote(event, note);
    else if (desk.drawing()) drawNote(event);
    else if (!(event.target as Element).closest(".chord")) band(event);
  });
  element.addEventListener("dblclick", (event) => {
    const song = desk.song();
    if (!song || desk.drawing() || (event.target as Element).closest(".note, .chord")) return;
    const start = floored(stage.stepAt(event.clientX), grid);
    addNote([start, Math.min(STEPS_PER_BEAT, lengthSteps(song) - start), pitchOf(event), NEW_VELOCITY]);
  });
  element.addEventListener("pointermove", (event) => {
    const note = (event.target as Element).closest(".note");
    element.classList.toggle("at-edge", Boolean(note && atEdge(event, note)));
  });

  function takeNote(event: PointerEvent, shape: Element): void {
    const note = rowOf(shape) as NoteRow;
    const song = desk.song()!;
    const before = desk.selection();
    if (event.shiftKey) return desk.select(toggleNote(before, lane, note));
    const chosen = before.lane === lane && before.notes.some((row) => rowId(row) === rowId(note));
    const taken = chosen ? before.notes : [note];
    desk.select(selectNotes(before, lane, taken));
    desk.hear(lane, note[2], note[3]);
    (shape as SVGElement).focus({ preventScroll: true });
    const stretches = atEdge(event, shape);
    const firstStep = stage.stepAt(event.clientX);
    const firstPitch = pitchOf(event);
    let after: NoteRow[] = [...taken];
    let pitch = firstPitch;
    follow(event, element, (at) => {
      const steps = snapped(stage.stepAt(at.clientX) - firstStep, grid);
      const dragged: NoteChange = stretches ? { duration: steps } : { steps, semitones: pitchOf(at) - firstPitch };
      after = changedNotes(song, lane, taken, dragged);
      if (!stretches && pitchOf(at) !== pitch) desk.hear(lane, note[2] + (pitch = pitchOf(at)) - firstPitch, note[3]);
      desk.preview([notesCommand(lane, taken, after)]);
      desk.select(selectNotes(before, lane, after));
    }, (kept) => {
      desk.preview([]);
      const same = after.every((row, number) => rowId(row) === rowId(taken[number]!));
      if (kept && !same) desk.change(notesCommand(lane, taken, after));
      else desk.select(selectNotes(before, lane, kept ? [note] : taken));
    });
  }

  function drawNote(event: PointerEvent): void {
    const song = desk.song()!;
    const start = floored(stage.stepAt(event.clientX), grid);
    const pitch = pitchOf(event);
    let note: NoteRow = [start, grid, pitch, NEW_VELOCITY];
    desk.hear(lane, pitch, NEW_VELOCITY);
    desk.preview([notesCommand(lane, [], [note])]);
    follow(event, element, (at) => {
      const end = Math.min(Math.max(snapped(stage.stepAt(at.clientX), grid), start + grid), lengthSteps(song));
      note = [start, end - start, pitch, NEW_VELOCITY];
      desk.preview([notesCommand(lane, [], [note])]);
    }, (kept) => {
      desk.preview([]);
      if (kept) addNote(note);
    });
  }

  function addNote(note: NoteRow): void {
    desk.change(notesCommand(lane, [], [note]));
    desk.select(selectNotes(desk.selection(), lane, [note]));
  }

  function band(event: PointerEvent): void {
    const shape = element.querySelector<SVGRectElement>(":scope > .rubber-band")!;
    const start = { step: stage.stepAt(event.clientX), pitch: pitchOf(event), x: event.clientX, y: event.clientY, top: yOf(event) };
    let end = event;
    follow(event, element, (at) => {
      end = at;
      const left = element.getBoundingClientRect().left;
      put(shape, {
        x: Math.min(start.x, at.clientX) - left, width: Math.abs(at.clientX - start.x),
        y: Math.min(start.top, yOf(at)), height: Math.abs(yOf(at) - start.top),
      });
    }, (kept) => {
      put(shape, { width: 0, height: 0 });
      const song = desk.song();
      if (!kept || !song) return;
      if (Math.hypot(end.clientX - start.x, end.clientY - start.y) < CLICK_PIXELS) {
        desk.select(NOTHING);
        return desk.seek(floored(start.step, 1));
      }
      const step = stage.stepAt(end.clientX);
      const box = {
        firstStep: Math.min(start.step, step), endStep: Math.max(start.step, step),
        lowest: Math.min(start.pitch, pitchOf(end)), highest: Math.max(start.pitch, pitchOf(end)),
      };
      const caught = notesIn(box, notesOf(song, lane) ?? []);
      const before = event.shiftKey && desk.selection().lane === lane ? desk.selection().notes : [];
      const ids = new Set(before.map(rowId));
      desk.select(selectNotes(NOTHING, lane, [...before, ...caught.filter((row) => !ids.has(rowId(row)))]));
    });
  }

  function atEdge(event: MouseEvent, note: Element): boolean {
    const box = note.getBoundingClientRect();
    return box.width > 2 * EDGE_PIXELS && event.clientX > box.right - EDGE_PIXELS && rowHeight(view.rows()) > 2;
  }
}
