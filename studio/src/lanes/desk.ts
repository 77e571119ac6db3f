/** What hands on the lanes need of the page around them. */
import type { ChordLane, ChordRow, Command, RollLane, Song } from "../api/types";
import type { Selection } from "../model/selection";

export interface Desk {
  /** The song that is edited; `null` where none is open or another is shown in its place. */
  song(): Song | null;
  selection(): Selection;
  drawing(): boolean;
  select(selection: Selection): void;
  /** Shows commands that are not decided yet. */
  preview(commands: readonly Command[]): void;
  change(...commands: Command[]): void;
  seek(step: number): void;
  hear(lane: RollLane, pitch: number, velocity: number): void;
  /** Lets a chord's symbol be typed: of one that is there, or of a new one over some beats. */
  typeChord(lane: ChordLane, chord: ChordRow, isNew: boolean): void;
}

/** Follows a pointer from where it went down; `end` is told whether it was let go or taken away. */
export function follow(
  start: PointerEvent, element: Element, move: (event: PointerEvent) => void, end: (kept: boolean) => void,
): void {
  element.setPointerCapture(start.pointerId);
  const moved = (event: Event) => move(event as PointerEvent);
  const finish = (kept: boolean) => {
    element.removeEventListener("pointermove", moved);
    element.removeEventListener("pointerup", up);
    element.removeEventListener("pointercancel", away);
    document.removeEventListener("keydown", escape, true);
    end(kept);
  };
  const up = () => finish(true);
  const away = () => finish(false);
  const escape = (event: KeyboardEvent) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    finish(false);
  };
  element.addEventListener("pointermove", moved);
  element.addEventListener("pointerup", up);
  element.addEventListener("pointercancel", away);
  document.addEventListener("keydown", escape, true);
}

/** The row that an element stands for: its columns as they were written. */
export function rowOf(element: Element): (number | string)[] {
  return element.getAttribute("data-row")!.split(" ").map((text) => (/^-?\d+$/.test(text) ? Number(text) : text));
}
