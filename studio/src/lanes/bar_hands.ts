/** Bars by pointer: dragged along the ruler, or phrase by phrase along the form. */
import { phraseOf, phrasesOf } from "../model/form";
import { NOTHING, selectBars } from "../model/selection";
import { songBars } from "../model/song";
import { barOfStep, barsBetween } from "../model/time";
import { type Desk, follow } from "./desk";
import type { Stage } from "./stage";

const CLICK_PIXELS = 5;

export function rulerHands(element: SVGSVGElement, stage: Stage, desk: Desk): void {
  element.addEventListener("pointerdown", (event) => {
    const song = desk.song();
    if (event.button !== 0 || !song) return;
    const first = barOfStep(stage.stepAt(event.clientX), song.meter);
    const chosen = desk.selection().bars;
    const from = event.shiftKey && chosen ? (first < chosen.first ? chosen.last : chosen.first) : first;
    if (event.shiftKey) desk.select(selectBars(barsBetween(from, first, songBars(song))));
    let dragged = false;
    follow(event, element, (at) => {
      dragged ||= Math.abs(at.clientX - event.clientX) > CLICK_PIXELS;
      if (dragged) desk.select(selectBars(barsBetween(from, barOfStep(stage.stepAt(at.clientX), song.meter), songBars(song))));
    }, (kept) => {
      if (!kept || dragged || event.shiftKey) return;
      desk.select(NOTHING);
      desk.seek(Math.floor(stage.stepAt(event.clientX)));
    });
  });
}

export function formHands(element: SVGSVGElement, stage: Stage, desk: Desk): void {
  element.addEventListener("pointerdown", (event) => {
    const song = desk.song();
    if (event.button !== 0 || !song) return;
    const phrases = phrasesOf(song);
    const under = (at: PointerEvent) => phraseOf(barOfStep(stage.stepAt(at.clientX), song.meter), phrases);
    const first = under(event);
    if (!first) return;
    const chosen = event.shiftKey ? desk.selection().bars : null;
    const select = (at: PointerEvent) => {
      const last = under(at) ?? first;
      const single = last === first && !chosen;
      const from = Math.min(first.firstBar, last.firstBar, chosen?.first ?? Infinity);
      const to = Math.max(...[first, last].map((phrase) => phrase.firstBar + phrase.bars - 1), chosen?.last ?? 0);
      desk.select(selectBars({ first: from, last: to }, single ? first.number : null, "form"));
    };
    select(event);
    follow(event, element, select, () => {});
  });
}
