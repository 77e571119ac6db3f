/** The lanes on the page: heads that stay in place, the playhead, and what hands do there. */
import { computed, effect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { LANES, type ChordRow, type Lane } from "../api/types";
import { formHands, rulerHands } from "../lanes/bar_hands";
import { chordHands } from "../lanes/chord_hands";
import { rowOf } from "../lanes/desk";
import { rollHands } from "../lanes/roll_hands";
import type { Scene } from "../lanes/scene";
import { Stage } from "../lanes/stage";
import { selectChord, selectNotes } from "../model/selection";
import { isRoll, songBars } from "../model/song";
import { barOfStep, placeName, stepOfBar } from "../model/time";
import { selectPhrase } from "./actions";
import { ChordField } from "./chord_field";
import { desk } from "./desk";
import { IconButton } from "./icons";
import { tip } from "./keyboard";
import { LaneHead } from "./lane_head";
import { playing, position, seek } from "./playing";
import { fitStage, link, reveal, zoomStage } from "./stage_link";
import { axis, opened, phrases, pixelsPerStep, selection, shownSong } from "./state";

const MARGIN = 148;

const scene = computed<Scene | null>(() =>
  shownSong.value && {
    song: shownSong.value,
    phrases: phrases.value,
    axis: axis.value,
    selection: selection.value,
    locks: opened.value?.locks ?? [],
    chordNames: opened.value?.chord_names ?? {},
  },
);

export function StageView() {
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const playhead = useRef<HTMLDivElement>(null);
  const stage = useRef<Stage | null>(null);
  useEffect(() => {
    const view = (stage.current = new Stage(scroller.current!, MARGIN));
    link(view, scroller.current!, MARGIN);
    mount(view, content.current!);
    const resized = new ResizeObserver(() => scene.value && view.show(scene.value));
    resized.observe(scroller.current!);
    let shown = "";
    const stop = [
      effect(() => {
        const now = scene.value;
        if (!now) return;
        const length = `${opened.value?.id} ${now.axis.lengthSteps}`;
        if (length !== shown) {
          shown = length;
          const before = pixelsPerStep.peek();
          fitStage();
          if (pixelsPerStep.peek() !== before) return; // drawn when this effect runs again
        }
        content.current!.style.width = `${MARGIN + now.axis.lengthSteps * now.axis.pixelsPerStep + 24}px`;
        view.show(now);
      }),
      effect(() => {
        playhead.current!.style.transform = `translateX(${MARGIN + position.value * pixelsPerStep.value}px)`;
        if (playing.value) reveal(position.value);
      }),
    ];
    return () => {
      resized.disconnect();
      for (const end of stop) end();
    };
  }, []);
  const wheel = (event: WheelEvent) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    zoomStage(Math.exp(-event.deltaY / 300), event.clientX);
  };
  return (
    <div class="scroller" ref={scroller} onWheel={wheel} tabIndex={-1}>
      <div class="stage" ref={content} onKeyDown={press}>
        <div class="ruler-row" data-mount="ruler">
          <div class="lane-head ruler-head">
            <IconButton class="small" icon="minus" label="Zoom out" hint={tip("Zoom out", "-")} onClick={() => zoomStage(0.8)} />
            <IconButton class="small" icon="fit" label="Show the whole song" hint={tip("The whole song", "0")} onClick={fitStage} />
            <IconButton class="small" icon="plus" label="Zoom in" hint={tip("Zoom in", "+")} onClick={() => zoomStage(1.25)} />
            <PlayheadSlider />
          </div>
        </div>
        {LANES.map((lane) => (
          <section class="lane" key={lane} data-mount={lane}>
            <LaneHead lane={lane} />
          </section>
        ))}
        <ChordField stage={stage} margin={MARGIN} />
        <div class="playhead" ref={playhead} aria-hidden="true" />
      </div>
    </div>
  );
}

function mount(view: Stage, content: HTMLElement): void {
  const at = (name: string) => content.querySelector(`[data-mount="${name}"]`)!;
  at("ruler").append(view.ruler.element);
  for (const lane of view.lanes) at(lane.lane).append(lane.element);
  rulerHands(view.ruler.element, view, desk);
  formHands(view.lane("form").element, view, desk);
  for (const roll of Object.values(view.rolls)) {
    at(roll.lane).querySelector(".lane-head")!.append(roll.octaves);
    rollHands(roll, view, desk);
  }
  chordHands(view.lane("chords").element, "chords", view, desk);
  chordHands(view.lane("reduced").element, "reduced", view, desk);
}

/** Enter on a phrase, a note or a chord chooses it; on a chosen chord it lets its symbol be typed. */
function press(event: KeyboardEvent): void {
  if (event.key !== "Enter" || !desk.song()) return;
  const target = event.target as Element;
  const lane = target.closest("[data-lane]")?.getAttribute("data-lane") as Lane | undefined;
  if (target.hasAttribute("data-phrase")) selectPhrase(Number(target.getAttribute("data-phrase")));
  else if (target.classList.contains("note") && lane && isRoll(lane)) {
    selection.value = selectNotes(selection.value, lane, [rowOf(target) as [number, number, number, number]]);
  } else if (target.classList.contains("chord") && (lane === "chords" || lane === "reduced")) {
    const chord = rowOf(target) as ChordRow;
    selection.value = selectChord(selection.value, lane, chord);
    desk.typeChord(lane, chord, false);
  } else return;
  event.preventDefault();
  event.stopPropagation();
}

function PlayheadSlider() {
  const song = shownSong.value;
  if (!song) return null;
  const bar = barOfStep(Math.floor(position.value), song.meter);
  const move = (event: KeyboardEvent) => {
    const to = { ArrowLeft: bar - 1, ArrowRight: bar + 1, Home: 1, End: songBars(song) }[event.key];
    if (to === undefined || event.shiftKey || event.ctrlKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    seek(stepOfBar(Math.max(1, Math.min(to, songBars(song))), song.meter));
    reveal(position.value);
  };
  return (
    <span
      role="slider" tabIndex={0} class="playhead-slider" aria-label="Playhead" aria-valuemin={1} aria-valuemax={songBars(song)}
      aria-valuenow={bar} aria-valuetext={`bar ${placeName(Math.floor(position.value), song.meter)}`}
      title="Playhead: arrow keys move it by bars, with Shift they select bars" onKeyDown={move}
    >
      bar
    </span>
  );
}
