/** Smaller sheets: export, help, score and versions. */
import { useEffect, useState } from "preact/hooks";
import { api, exportAddress } from "../api/client";
import type { Version } from "../api/types";
import { Dialog } from "./dialog";
import { replace } from "./editing";
import { Icon, IconButton } from "./icons";
import { SHORTCUTS, type Shortcut, shown } from "./keyboard";
import { ago } from "./library";
import { opened, overlay, server } from "./state";
import { told } from "./toasts";

const FORMATS: Readonly<Record<string, readonly [name: string, what: string, mime: string, ending: string]>> = {
  midi: ["MIDI", "for any music program", "audio/midi", "mid"],
  musicxml: ["MusicXML", "for MuseScore, Sibelius, Dorico", "application/vnd.recordare.musicxml+xml", "musicxml"],
  pdf: ["PDF", "the score, to print", "application/pdf", "pdf"],
  svg: ["SVG", "the score's pages as pictures", "image/svg+xml", "svg"],
  wav: ["WAV", "the sound", "audio/wav", "wav"],
  json: ["song.json", "all of the song, to be read again", "application/json", "json"],
};

export function ExportSheet() {
  const open = opened.value;
  if (!open) return null;
  return (
    <Dialog title="Export" kind="right">
      <p class="quiet">Click to save, or drag a row onto your desktop or into another program.</p>
      <ul class="exports">
        {(server.value?.formats ?? Object.keys(FORMATS)).map((format, number) => {
          const [name, what, mime, ending] = FORMATS[format] ?? [format, "", "application/octet-stream", format];
          const address = new URL(exportAddress(open.id, format), location.href).href;
          return (
            <li key={format}>
              <a
                href={address} download draggable autofocus={number === 0}
                onDragStart={(event) => {
                  event.dataTransfer?.setData("DownloadURL", `${mime}:${open.name.replace(/[^\w\- ]+/g, "") || "song"}.${ending}:${address}`);
                  event.dataTransfer?.setData("text/uri-list", address);
                }}
              >
                <Icon name="file" /><b>{name}</b><span class="quiet">{what}</span>
              </a>
            </li>
          );
        })}
      </ul>
    </Dialog>
  );
}

export function HelpSheet() {
  const groups = [...new Set(SHORTCUTS.map((entry) => entry.group))];
  return (
    <Dialog title="Keys">
      <div class="keys">
        {groups.map((group) => (
          <section key={group}>
            <h3>{group}</h3>
            <dl>{SHORTCUTS.filter((entry) => entry.group === group).map((entry) => <KeyRow key={entry.what} entry={entry} />)}</dl>
          </section>
        ))}
        <section>
          <h3>By pointer</h3>
          <dl>
            <div><dt>Bar numbers</dt><dd>drag to select bars, click to put the playhead</dd></div>
            <div><dt>Phrase</dt><dd>click to select its bars, drag over several</dd></div>
            <div><dt>Note</dt><dd>drag to move, its end to stretch; Shift for more than one</dd></div>
            <div><dt>Empty</dt><dd>drag a rubber band; double-click adds a note</dd></div>
            <div><dt>Chord</dt><dd>double-click to type, drag its left border</dd></div>
            <div><dt>Ctrl and wheel</dt><dd>zoom</dd></div>
          </dl>
        </section>
      </div>
    </Dialog>
  );
}

function KeyRow({ entry }: { entry: Shortcut }) {
  return (
    <div>
      <dt>{entry.keys.slice(0, 2).map((key) => <kbd key={key}>{shown(key)}</kbd>)}</dt>
      <dd>{entry.what}</dd>
    </div>
  );
}

export function ScoreSheet() {
  const open = opened.value;
  const [page, setPage] = useState(1);
  const [view, setView] = useState<{ address: string; pages: number } | null>(null);
  useEffect(() => {
    let address = "";
    void told(() => api.scorePage(open!.id, page)).then((found) => {
      if (found) setView({ address: (address = URL.createObjectURL(found.svg)), pages: found.pages });
    });
    return () => URL.revokeObjectURL(address);
  }, [page]);
  return (
    <Dialog title="Score">
      {view ? <img class="score" src={view.address} alt={`Page ${page} of the score`} /> : <p class="quiet">Engraving …</p>}
      {view && view.pages > 1 && (
        <div class="row pages">
          <IconButton icon="left" label="Page before" disabled={page <= 1} onClick={() => setPage(page - 1)} />
          <span>Page {page} of {view.pages}</span>
          <IconButton icon="right" label="Next page" disabled={page >= view.pages} onClick={() => setPage(page + 1)} />
        </div>
      )}
    </Dialog>
  );
}

export function HistorySheet() {
  const open = opened.value!;
  const [versions, setVersions] = useState<readonly Version[]>([]);
  useEffect(() => void told(() => api.versions(open.id)).then((found) => found && setVersions(found)), [open.version]);
  const latest = [...versions].sort((one, other) => other.version - one.version);
  return (
    <Dialog title="Versions" kind="right">
      <ul class="song-list" aria-label="Versions">
        {latest.map((version) => (
          <li key={version.version}>
            <div class="song-row"><b>{version.what}</b><span class="quiet">version {version.version} · {ago(version.edited)}</span></div>
            {version.version !== open.version && (
              <button type="button" onClick={() => void replace((id, base) => api.restoreVersion(id, version.version, base)).then((done) => done && (overlay.value = null))}>Go back to it</button>
            )}
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
