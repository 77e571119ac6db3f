/** The stage that is on the page, for keys and buttons that zoom, scroll and put the focus. */
import type { Lane } from "../api/types";
import type { Stage } from "../lanes/stage";
import { fitted, zoomed } from "../model/time";
import { axis, pixelsPerStep } from "./state";

const NARROWEST_FIT = 1.15; // pixels a step: a bar of 4/4 is then 18 wide
let stage: { readonly view: Stage; readonly scroller: HTMLElement; readonly margin: number } | null = null;

export function link(view: Stage, scroller: HTMLElement, margin: number): void {
  stage = { view, scroller, margin };
}

/** Zooms around a place of the window, or around the middle. */
export function zoomStage(factor: number, clientX?: number): void {
  if (!stage) return;
  const { view, scroller, margin } = stage;
  const box = scroller.getBoundingClientRect();
  const x = clientX ?? box.left + margin + (box.width - margin) / 2;
  const step = view.stepAt(x);
  pixelsPerStep.value = zoomed(axis.value, factor).pixelsPerStep;
  scroller.scrollLeft = step * pixelsPerStep.value - (x - box.left - margin);
}

/** All of the song, unless its bars would be too narrow to read. */
export function fitStage(): void {
  if (!stage || !axis.peek().lengthSteps) return;
  const width = stage.scroller.clientWidth - stage.margin - 8;
  pixelsPerStep.value = Math.max(fitted(axis.peek().lengthSteps, width).pixelsPerStep, NARROWEST_FIT);
  stage.scroller.scrollLeft = 0;
}

/** Brings a step into sight and puts the focus on what a lane shows there. */
export function focusOn(lane: Lane | null, key: string, step: number): void {
  stage?.view.reveal(step);
  if (lane) requestAnimationFrame(() => stage?.view.lane(lane).focus(key));
}

export function reveal(step: number): void {
  stage?.view.reveal(step);
}
