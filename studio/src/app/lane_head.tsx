/** What stands before a lane: its name, mute, solo and lock. */
import { useComputed } from "@preact/signals";
import { LANES, type Lane } from "../api/types";
import { isLocked } from "../model/locks";
import type { Part } from "../model/playlist";
import { songBars } from "../model/song";
import { toggleLocks } from "./actions";
import { IconButton } from "./icons";
import { mixer, toggleMute, toggleSolo } from "./playing";
import { audition, opened, shownSong } from "./state";

const NAMES: Record<Lane, readonly [name: string, what: string]> = {
  form: ["Form", "phrases and keys"],
  reduced: ["Skeleton", "reduced lead sheet"],
  chords: ["Chords", "lead sheet"],
  melody: ["Melody", "lead sheet"],
  piano: ["Piano", "accompaniment"],
};

export function laneName(lane: Lane): string {
  return NAMES[lane][0];
}

export function LaneHead({ lane }: { lane: Lane }) {
  const [name, what] = NAMES[lane];
  const part = LANES.indexOf(lane) > 0 ? (lane as Part) : null;
  const locked = useComputed(() => {
    const song = shownSong.value;
    return Boolean(song && opened.value && isLocked(opened.value.locks, lane, { first: 1, last: songBars(song) }));
  });
  const whole = () => toggleLocks([lane], { first: 1, last: shownSong.value ? songBars(shownSong.value) : 1 });
  return (
    <div class="lane-head">
      <div class="lane-title">
        <h2>{name}</h2>
        <span class="quiet">{what}</span>
      </div>
      <div class="lane-buttons">
        {part && (
          <>
            <button type="button" class="letter" aria-label={`Mute ${name}`} title={`Mute: ${name} is not heard`} aria-pressed={mixer.value.muted.has(part)} onClick={() => toggleMute(part)}>M</button>
            <button type="button" class="letter solo" aria-label={`Solo ${name}`} title={`Solo: ${name} is heard alone`} aria-pressed={mixer.value.solo.has(part)} onClick={() => toggleSolo(part)}>S</button>
          </>
        )}
        {opened.value && !audition.value && (
          <IconButton
            class="small" icon={locked.value ? "lock" : "unlock"} label={`${locked.value ? "Unlock" : "Lock"} ${name}`}
            hint={locked.value ? `Unlock all of the ${name.toLowerCase()}` : `Lock all of the ${name.toLowerCase()}: nothing in it will change`}
            pressed={locked.value} onClick={whole}
          />
        )}
      </div>
    </div>
  );
}
