/** Smaller sheets: help, score and versions. */
import { useEffect, useState } from "preact/hooks";
import { api } from "../api/client";
import type { Version } from "../api/types";
import { Dialog } from "./dialog";
import { replace } from "./editing";
import { IconButton } from "./icons";
import { SHORTCUTS, type Shortcut, shown } from "./keyboard";
import { ago } from "./library";
import { opened, overlay } from "./state";
import { told } from "./toasts";

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
