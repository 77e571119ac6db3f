/** Composing a selection again: from which level, how many takes, how far from what is there. */
import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { api } from "../api/client";
import type { Listed } from "../api/types";
import { LANES_FROM } from "../model/cascade";
import { type Passage, likes } from "../model/like";
import { isLocked, touchesLock } from "../model/locks";
import { chosenBars, toggleLocks } from "./actions";
import { Choice, Field, Segments, Slider } from "./fields";
import { Icon } from "./icons";
import { laneName } from "./lane_head";
import { LikeField } from "./like_field";
import { opened, ownJobs, phrases, selection, server } from "./state";
import { told } from "./toasts";
import { recompose } from "./work";
import { Progress } from "./progress";

const LEVEL_NAMES: Readonly<Record<string, string>> = {
  form: "Form", "reduced-lead-sheet": "Skeleton", "lead-sheet": "Lead sheet", accompaniment: "Piano",
};
const level = signal("accompaniment");
const count = signal("2");
const vary = signal(1);
const guidance = signal(1);
const repeat = signal<Readonly<Record<string, number>>>({});
const seed = signal("");
const like = signal<Passage | null>(null);

export function AgainPanel() {
  const bars = chosenBars();
  const all = selection.value.bars === null;
  const levels = (server.value?.levels ?? []).filter((one) => one.revisable);
  const lanes = LANES_FROM[level.value] ?? [];
  const locks = opened.value?.locks ?? [];
  const free = lanes.filter((lane) => !isLocked(locks, lane, bars));
  const [songs, setSongs] = useState<readonly Listed[]>([]);
  useEffect(() => void told(() => api.songs("", false)).then((found) => found && setSongs(found)), []);
  const begin = () =>
    void recompose({
      level: level.value, bars: all ? null : [bars.first, bars.last], takes: Number(count.value), vary: vary.value, guidance: guidance.value,
      repeat: repeat.value, seed: seed.value.trim() ? Number(seed.value) : null,
      like: likes(like.value, songs),
    });
  return (
    <form class="again" onSubmit={(event) => (event.preventDefault(), begin())}>
      <h3>Compose again <span class="quiet">{all ? "the whole song" : bars.first === bars.last ? `bar ${bars.first}` : `bars ${bars.first}–${bars.last}`}</span></h3>
      <Segments label="From" value={level.value} options={levels.map(({ name, title }) => [name, LEVEL_NAMES[name] ?? title])} onChange={(value) => (level.value = value)} />
      <div class="field">
        <span class="label">Changes <span class="quiet">– click to keep one as it is</span></span>
        <div class="row" role="group" aria-label="What changes">
          {lanes.map((lane) => {
            const locked = isLocked(locks, lane, bars);
            return (
              <button
                type="button" key={lane} class="chip changes" aria-pressed={!locked} aria-label={`${laneName(lane)} changes`}
                title={locked ? `${laneName(lane)} is locked: it stays as it is` : `Lock ${laneName(lane)} in these bars`} onClick={() => toggleLocks([lane], bars)}
              >
                {locked && <Icon name="lock" />} {laneName(lane)}{!locked && touchesLock(locks, lane, bars) ? " (part)" : ""}
              </button>
            );
          })}
        </div>
      </div>
      {level.value === "lead-sheet" && isLocked(locks, "melody", bars) && !isLocked(locks, "chords", bars) && (
        <p class="quiet">Under a locked melody the chords follow the skeleton; for other chords compose from there.</p>
      )}
      <Segments label="Takes" value={count.value} options={["1", "2", "3", "4"].map((one) => [one, one])} onChange={(value) => (count.value = value)} />
      <Slider label="How far from what is there" value={vary.value} words={(value) => (value === 1 ? "all new" : value === 0 ? "the same" : `${Math.round(value * 100)} %`)} onChange={(value) => (vary.value = value)} />
      <details>
        <summary>More</summary>
        <Returns />
        <Slider label="Guidance by the levels above" value={guidance.value} least={0} most={4} step={0.1} words={(value) => value.toFixed(1)} onChange={(value) => (guidance.value = value)} />
        <Field label="Seed">
          {(id) => <input id={id} inputMode="numeric" placeholder="drawn" value={seed.value} onInput={(event) => (seed.value = event.currentTarget.value.replace(/\D/g, ""))} />}
        </Field>
        <LikeField value={like.value} songs={songs} first={opened.value?.id} onChange={(passage) => (like.value = passage)} />
      </details>
      <button type="submit" class="primary wide" disabled={!free.length || !levels.length} title={free.length ? "" : "Everything is locked here"}>
        {free.length ? `Compose ${count.value === "1" ? "a take" : `${count.value} takes`}` : "Everything is locked here"}
      </button>
      {ownJobs.value.map((job) => <Progress key={job.id} job={job} />)}
    </form>
  );
}

/** How literally a letter's phrases return, for letters that return. */
function Returns() {
  const letters = [...new Set(phrases.value.map((phrase) => phrase.letter))];
  const returning = letters.filter((letter) => phrases.value.filter((phrase) => phrase.letter === letter).length > 1);
  const put = (letter: string, text: string) => {
    const { [letter]: _, ...others } = repeat.value;
    repeat.value = text === "" ? others : { ...others, [letter]: Number(text) };
  };
  return (
    <>
      {returning.map((letter) => (
        <Choice
          key={letter} label={`Returns of ${letter}`} value={repeat.value[letter]?.toString() ?? ""}
          options={[["", "as it comes"], ["0", "free"], ["0.5", "alike"], ["1", "literal"]]} onChange={(text) => put(letter, text)}
        />
      ))}
    </>
  );
}
