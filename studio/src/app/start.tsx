/** The first thing that is seen: compose, or open what is there. */
import { useEffect, useState } from "preact/hooks";
import { api } from "../api/client";
import type { Listed } from "../api/types";
import { DEFAULT_FORM, type Phrase, formBars, formText, parseForm } from "../model/form";
import { type Passage, likes } from "../model/like";
import { clock, stepsPerBar } from "../model/time";
import { openSong } from "./editing";
import { Choice, Field, Segments, Stepper } from "./fields";
import { FormBuilder } from "./form_builder";
import { Icon, IconButton } from "./icons";
import { LikeField } from "./like_field";
import { Progress } from "./progress";
import { jobs, opened, overlay, server } from "./state";
import { told } from "./toasts";
import { compose, importFile } from "./work";

const PRESETS: readonly (readonly [name: string, form: string])[] = [
  ["Pop song", "i4A8B8A8B8o4"], ["Ballad", "i4A8A8B8A8o4"], ["With a bridge", "i4A8B8A8B8b4B8o4"], ["Short", "A4B4A4"],
];
const RECENT = 6;

export function Start() {
  const [phrases, setPhrases] = useState<readonly Phrase[]>(DEFAULT_FORM);
  const [composedForm, setComposedForm] = useState(false);
  const [key, setKey] = useState("");
  const [meter, setMeter] = useState("4/4");
  const [tempo, setTempo] = useState(90);
  const [seed, setSeed] = useState("");
  const [chords, setChords] = useState("");
  const [like, setLike] = useState<Passage | null>(null);
  const [songs, setSongs] = useState<readonly Listed[]>([]);
  const [busy, setBusy] = useState(false);
  useEffect(() => void told(() => api.songs("", false)).then((found) => found && setSongs(found)), []);
  const begin = async () => {
    setBusy(true);
    await compose({
      form: composedForm ? null : formText(phrases), key: key || null, meter, tempo, seed: seed.trim() ? Number(seed) : null,
      chords: chords.trim() || null, takes: 1, repeat: {}, guidance: 1, like: likes(like, songs),
    });
    setBusy(false);
  };
  return (
    <main class="start" aria-label="Start">
      {opened.value && <IconButton class="leave" icon="close" label="Back to the song" hint="Back to the song  (Esc)" onClick={() => (overlay.value = null)} />}
      <form class="start-card" onSubmit={(event) => (event.preventDefault(), void begin())}>
        <header>
          <h1>Compose a song</h1>
          <p>From its form down to the piano, with every note yours to change. Press Compose, or shape it first.</p>
        </header>
        <Segments
          label="Form" value={composedForm ? "composed" : "own"} options={[["own", "These phrases"], ["composed", "Surprise me"]]}
          onChange={(value) => setComposedForm(value === "composed")}
        />
        {!composedForm && (
          <>
            <FormBuilder phrases={phrases} onChange={setPhrases} />
            <div class="row presets" role="group" aria-label="Forms to begin with">
              {PRESETS.map(([name, form]) => (
                <button type="button" class="chip" key={name} onClick={() => setPhrases(parseForm(form).map((phrase) => ({ ...phrase, source: null })))}>
                  {name}
                </button>
              ))}
              <span class="quiet">{formBars(phrases)} bars, {clock(formBars(phrases) * stepsPerBar(meter), tempo)}</span>
            </div>
          </>
        )}
        <div class="row fields">
          <Choice label="Key" value={key} options={[["", "Surprise me"], ...(server.value?.keys ?? []).map((name) => [name, name] as const)]} onChange={setKey} />
          <Choice label="Metre" value={meter} options={(server.value?.meters ?? ["4/4", "3/4"]).map((name) => [name, name])} onChange={setMeter} />
          <Stepper label="Tempo" value={tempo} least={server.value?.limits["lowest_tempo"] ?? 20} most={server.value?.limits["highest_tempo"] ?? 300} onChange={setTempo} />
          <Field label="Seed" hint="The same seed gives the same song; empty for one that is drawn">
            {(id) => <input id={id} inputMode="numeric" pattern="[0-9]*" placeholder="drawn" value={seed} onInput={(event) => setSeed(event.currentTarget.value)} />}
          </Field>
          <Field label="Chords" hint="Chords to hold, such as: Am F C G – or empty">
            {(id) => <input id={id} placeholder="composed, or: Am F C G" value={chords} onInput={(event) => setChords(event.currentTarget.value)} />}
          </Field>
        </div>
        {songs.length > 0 && (
          <details open={like !== null}>
            <summary>Like a passage of your songs</summary>
            <div class="row fields"><LikeField value={like} songs={songs} first={songs[0]?.id} onChange={setLike} /></div>
          </details>
        )}
        <button type="submit" class="primary big" disabled={busy}>{busy ? "Beginning …" : "Compose"}</button>
      </form>
      <Interrupted />
      <Open songs={songs} />
    </main>
  );
}

/** Work that ended with the studio: it starts again only when it is told to, with the same result. */
function Interrupted() {
  const cut = jobs.value.filter((job) => job.kind === "compose" && job.state === "interrupted");
  if (!cut.length) return null;
  return (
    <section class="start-open card" aria-label="Interrupted">
      <h2>Interrupted</h2>
      {cut.map((job) => <Progress key={job.id} job={job} />)}
    </section>
  );
}

function Open({ songs }: { readonly songs: readonly Listed[] }) {
  return (
    <section class="start-open" aria-label="Open">
      <label class="drop">
        <Icon name="file" />
        <span><b>Drop a file</b>, or choose one: MIDI, MusicXML, song.json</span>
        <input
          type="file" class="hidden-input" accept={server.value?.imports.join(",")}
          onChange={(event) => event.currentTarget.files?.[0] && void importFile(event.currentTarget.files[0])}
        />
      </label>
      {songs.length > 0 && (
        <div class="recent">
          <h2>Your songs</h2>
          <div class="row">
            {songs.slice(0, RECENT).map((song) => (
              <button type="button" key={song.id} class="song-card" onClick={() => void openSong(song.id)}>
                <b>{song.name}</b>
                <span class="quiet">{song.form} · {song.key ?? "no key"} · {song.bars} bars</span>
              </button>
            ))}
          </div>
          {songs.length > RECENT && <button type="button" class="link" onClick={() => (overlay.value = "library")}>All {songs.length} songs</button>}
        </div>
      )}
    </section>
  );
}
