/** What there is to know of a song: its history, its request as a command, and what it took from the training data. */
import { useEffect, useState } from "preact/hooks";
import { api } from "../api/client";
import type { Closeness, CommandLine, SongDocument } from "../api/types";
import { lengthSteps, songBars } from "../model/song";
import { clock } from "../model/time";
import { Icon } from "./icons";
import { opened, overlay, server } from "./state";
import { tell, told } from "./toasts";

export function AboutPanel() {
  const open = opened.value;
  if (!open) return null;
  const { song } = open;
  const notes = (song.accompaniment?.length ?? 0) + (song.lead_sheet?.melody.length ?? 0);
  return (
    <div class="about">
      <dl>
        <dt>Form</dt><dd>{song.form}</dd>
        <dt>Length</dt><dd>{songBars(song)} bars, {clock(lengthSteps(song), song.tempo)}</dd>
        <dt>Metre</dt><dd>{song.meter}</dd>
        <dt>Notes</dt><dd>{notes}</dd>
        <dt>Canzona</dt><dd>{server.value?.version} · {server.value?.weights}</dd>
      </dl>
      <div class="row">
        <button type="button" onClick={() => (overlay.value = "history")}><Icon name="history" /> Versions</button>
        <button type="button" onClick={() => (overlay.value = "score")}><Icon name="score" /> Score</button>
      </div>
      <Command key={`${open.id}-${open.version}`} open={open} />
      <Nearest key={open.id} open={open} />
    </div>
  );
}

function Command({ open }: { open: SongDocument }) {
  const [line, setLine] = useState<CommandLine | null>(null);
  useEffect(() => void told(() => api.command(open.id)).then(setLine), []);
  if (!line) return null;
  const copy = async () => {
    await navigator.clipboard?.writeText(line.command ?? "");
    tell("The command is copied.");
  };
  return (
    <section class="card" aria-label="Command">
      <h3>As a command</h3>
      {line.command ? <code tabIndex={0}>{line.command}</code> : null}
      {line.detail && <p class="quiet">{line.detail}</p>}
      {line.command && <button type="button" onClick={() => void copy()}><Icon name="copy" /> Copy</button>}
    </section>
  );
}

function Nearest({ open }: { open: SongDocument }) {
  const [found, setFound] = useState<Closeness | null>(null);
  const [busy, setBusy] = useState(false);
  const look = async () => {
    setBusy(true);
    setFound(await told(() => api.closeness(open.id)));
    setBusy(false);
  };
  return (
    <section class="card" aria-label="Training data">
      <h3>Training data</h3>
      {!found && <p class="quiet">What this song shares with the songs that the models learned from.</p>}
      {found?.detail && <p>{found.detail}</p>}
      {found && !found.detail && (
        <table>
          <thead><tr><th>Bars</th><th>Voice</th><th>Nearest</th><th>Overlap</th></tr></thead>
          <tbody>
            {(found.passages ?? []).slice(0, 8).map((passage) => (
              <tr key={`${passage.voice}${passage.bar}`}>
                <td>{passage.bar}–{passage.bar + passage.bars - 1}</td><td>{passage.voice}</td>
                <td>{passage.training_song}, bar {passage.training_bar}</td><td>{Math.round(passage.overlap * 100)} %</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {!found && <button type="button" disabled={busy} onClick={() => void look()}>{busy ? "Looking …" : "Look for the nearest passages"}</button>}
    </section>
  );
}
