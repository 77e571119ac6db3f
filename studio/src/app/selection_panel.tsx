/** What is selected, and what can be done with it. */
import { LANES, type NoteRow } from "../api/types";
import { changedNotes } from "../model/edits";
import { type Phrase, withAdded, withCopy, withMoved, withPhrase, withSplit, withoutPhrase } from "../model/form";
import { isLocked } from "../model/locks";
import { pitchName } from "../model/pitch";
import { gridOf, isRoll } from "../model/song";
import { lengthName, placeName } from "../model/time";
import { changeForm, chosenBars, copyBars, deleteChosen, pasteBars, replaceNotes, splitChosen, toggleLocks, transpose } from "./actions";
import { desk, hanging } from "./desk";
import { Slider, Stepper } from "./fields";
import { PhraseEditor } from "./form_builder";
import { IconButton } from "./icons";
import { tip } from "./keyboard";
import { laneName } from "./lane_head";
import { clipboard, editedSong, opened, phrases, selection } from "./state";
import { recompose } from "./work";

export function SelectionPanel() {
  const { bars, notes, chord, phrase } = selection.value;
  return (
    <>
      <Hanging />
      {notes.length > 0 && <Notes />}
      {chord && <Chord />}
      {phrase !== null && phrases.value[phrase] && <PhraseBox number={phrase} />}
      {bars ? <BarsBox /> : notes.length === 0 && !chord && <Nothing />}
    </>
  );
}

function Nothing() {
  return (
    <div class="empty">
      <p><b>Click</b> a phrase, a note or a chord to change it.</p>
      <p><b>Drag</b> along the bar numbers to choose bars.</p>
      <p><b>Double-click</b> a lane to add a note, a chord to type its symbol.</p>
      <p class="quiet">Press ? for all keys.</p>
    </div>
  );
}

function Hanging() {
  const offer = hanging.value;
  if (!offer) return null;
  const what = offer.level === "accompaniment" ? "piano" : "lead sheet and piano";
  const { first, last } = offer.bars;
  return (
    <div class="card offer" role="status">
      <p>The {what} in {first === last ? `bar ${first}` : `bars ${first}–${last}`} still {offer.level === "accompaniment" ? "follows" : "follow"} what you changed.</p>
      <div class="row">
        <button type="button" class="primary" onClick={() => {
          hanging.value = null;
          void recompose({ level: offer.level, bars: [first, last], takes: 1, vary: 1, repeat: {}, guidance: 1, like: [] });
        }}>Compose it to fit</button>
        <button type="button" onClick={() => (hanging.value = null)}>Leave it</button>
      </div>
    </div>
  );
}

function Notes() {
  const { lane, notes } = selection.value;
  const song = editedSong.value;
  if (!lane || !isRoll(lane) || !song) return null;
  const [note] = notes as [NoteRow];
  const put = (change: Parameters<typeof changedNotes>[3]) => replaceNotes(lane, notes, changedNotes(song, lane, notes, change));
  const single = notes.length === 1;
  return (
    <section class="card" aria-label="Notes">
      <h3>{single ? pitchName(note[2]) : `${notes.length} notes`} <span class="quiet">{laneName(lane)}{single && `, bar ${placeName(note[0], song.meter)}, ${lengthName(note[1])}`}</span></h3>
      {single && <Stepper label="Pitch" value={note[2]} least={0} most={127} onChange={(pitch) => put({ semitones: pitch - note[2] })} />}
      {single && <Stepper label="Length, in sixteenths" value={note[1]} least={gridOf(lane)} most={64} onChange={(steps) => put({ duration: Math.sign(steps - note[1]) * Math.max(gridOf(lane), Math.abs(steps - note[1])) })} />}
      <Slider label="Velocity" value={note[3]} least={1} most={127} step={1} onChange={(velocity) => put({ velocity: velocity - note[3] })} />
      <div class="row">
        <button type="button" title={tip("Split at the playhead, or in half", "s")} onClick={splitChosen}>Split</button>
        <button type="button" title={tip("Delete", "Delete")} onClick={deleteChosen}>Delete</button>
      </div>
    </section>
  );
}

function Chord() {
  const { lane, chord } = selection.value;
  const song = editedSong.value;
  if (!chord || !song || (lane !== "chords" && lane !== "reduced")) return null;
  return (
    <section class="card" aria-label="Chord">
      <h3>{opened.value?.chord_names[chord[2]] ?? chord[2]} <span class="quiet">bar {placeName(chord[0] * 4, song.meter)}, {chord[1]} beat{chord[1] === 1 ? "" : "s"}</span></h3>
      <div class="row">
        <button type="button" title={tip("Type another symbol", "Enter")} onClick={() => desk.typeChord(lane, chord, false)}>Type symbol</button>
        <button type="button" title={tip("Delete", "Delete")} onClick={deleteChosen}>Delete</button>
      </div>
    </section>
  );
}

function PhraseBox({ number }: { number: number }) {
  const all: readonly Phrase[] = phrases.value.map((phrase, source) => ({ ...phrase, source }));
  const phrase = all[number]!;
  return (
    <section class="card" aria-label="Phrase">
      <h3>{phrase.letter}{phrase.bars} <span class="quiet">phrase {number + 1} of {all.length}</span></h3>
      <PhraseEditor
        phrase={phrase} number={number} of={all.length}
        onChange={(change) => changeForm(withPhrase(all, number, change), number)}
        onMove={(by) => changeForm(withMoved(all, number, number + by), number + by)}
        onCopy={() => changeForm(withCopy(all, number), number + 1)}
        onSplit={() => changeForm(withSplit(all, number), number)}
        onDelete={() => changeForm(withoutPhrase(all, number), null)}
      />
      <button type="button" class="link" onClick={() => changeForm(withAdded(all, phrase.letter, number + 1), number + 1)}>Add an empty phrase after it</button>
    </section>
  );
}

function BarsBox() {
  const bars = chosenBars();
  const locks = opened.value?.locks ?? [];
  return (
    <section class="card" aria-label="Bars">
      <h3>{bars.first === bars.last ? `Bar ${bars.first}` : `Bars ${bars.first}–${bars.last}`}</h3>
      <div class="field">
        <span class="label">Locked, so that nothing changes</span>
        <div class="row" role="group" aria-label="Locks">
          {LANES.map((lane) => (
            <button type="button" key={lane} class="chip" aria-pressed={isLocked(locks, lane, bars)} title={`Lock or unlock ${laneName(lane)} in these bars`} onClick={() => toggleLocks([lane], bars)}>
              {laneName(lane)}
            </button>
          ))}
        </div>
      </div>
      <div class="row tools">
        <IconButton icon="copy" label="Copy the bars" hint={tip("Copy", "Ctrl+c")} onClick={copyBars} />
        <button type="button" disabled={!clipboard.value} title={tip("Paste here", "Ctrl+v")} onClick={pasteBars}>Paste</button>
        <button type="button" title={tip("All notes a semitone up", "ArrowUp")} onClick={() => transpose(1)}>♪ +1</button>
        <button type="button" title={tip("All notes a semitone down", "ArrowDown")} onClick={() => transpose(-1)}>♪ −1</button>
      </div>
    </section>
  );
}
