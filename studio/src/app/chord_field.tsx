/** The field in which a chord's symbol is typed, right where the chord stands. */
import type { Stage } from "../lanes/stage";
import { STEPS_PER_BEAT } from "../model/time";
import { desk, typing } from "./desk";
import { chordsCommand } from "../model/edits";
import { selectChord } from "../model/selection";
import { opened, pixelsPerStep, selection } from "./state";

const LEAST_WIDTH = 92;

export function ChordField({ stage, margin }: { stage: { readonly current: Stage | null }; margin: number }) {
  const typed = typing.value;
  if (!typed) return null;
  const { lane, chord, isNew } = typed;
  const shown = isNew ? "" : (opened.value?.chord_names[chord[2]] ?? chord[2]);
  const close = () => {
    typing.value = null;
    requestAnimationFrame(() => stage.current?.lane(lane).focus(selection.value.chord?.join(" ") ?? ""));
  };
  const keep = (text: string) => {
    const symbol = text.trim();
    if (typing.value !== typed) return;
    close();
    if (!symbol || symbol === shown) return;
    const after: typeof chord = [chord[0], chord[1], symbol];
    desk.change(chordsCommand(lane, isNew ? [] : [chord], [after]));
    selection.value = selectChord(selection.value, lane, after);
  };
  const place = (element: HTMLInputElement | null) => {
    if (!element || !stage.current) return;
    const strip = stage.current.lane(lane).element.parentElement!;
    element.style.left = `${margin + chord[0] * STEPS_PER_BEAT * pixelsPerStep.value}px`;
    element.style.top = `${strip.offsetTop + 2}px`;
    element.style.width = `${Math.max(LEAST_WIDTH, chord[1] * STEPS_PER_BEAT * pixelsPerStep.value)}px`;
    element.focus();
    element.select();
  };
  return (
    <input
      class="chord-field" aria-label="Chord symbol" placeholder="Am7, G/B …" spellcheck={false} autocomplete="off" maxLength={24}
      ref={place} defaultValue={shown} onBlur={(event) => keep(event.currentTarget.value)}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === "Enter") keep(event.currentTarget.value);
        if (event.key === "Escape") close();
      }}
    />
  );
}
