/** The songs that are kept: searched, opened, copied, deleted and brought back. */
import { useEffect, useState } from "preact/hooks";
import { api } from "../api/client";
import type { Listed } from "../api/types";
import { Dialog } from "./dialog";
import { openSong, show } from "./editing";
import { IconButton } from "./icons";
import { opened, overlay } from "./state";
import { tell, told } from "./toasts";

export function Library() {
  const [search, setSearch] = useState("");
  const [deleted, setDeleted] = useState(false);
  const [songs, setSongs] = useState<readonly Listed[] | null>(null);
  const load = () => void told(() => api.songs(search, deleted)).then((found) => found && setSongs(found));
  useEffect(load, [search, deleted]);
  const remove = async (song: Listed) => {
    if ((await told(() => api.remove(song.id))) === null) return;
    tell(`${song.name} is deleted.`, "news", [{ label: "Bring it back", run: () => void told(() => api.bringBack(song.id)).then(load) }]);
    if (opened.value?.id === song.id) {
      opened.value = null;
      history.replaceState(null, "", location.pathname);
      overlay.value = "start";
    } else load();
  };
  const copy = async (song: Listed) => {
    const found = await told(() => api.copy(song.id, song.version, `${song.name} (copy)`));
    if (found) show(found);
  };
  return (
    <Dialog title="Library" kind="left">
      <input type="search" autofocus aria-label="Search the library" placeholder="Search" value={search} onInput={(event) => setSearch(event.currentTarget.value)} />
      <label class="row check"><input type="checkbox" checked={deleted} onChange={(event) => setDeleted(event.currentTarget.checked)} /> deleted songs</label>
      {songs?.length === 0 && <p class="quiet">{search ? "No song of that name." : deleted ? "Nothing is deleted." : "No songs yet."}</p>}
      <ul class="song-list" aria-label="Songs">
        {songs?.map((song) => (
          <li key={song.id} class={song.id === opened.value?.id ? "open" : ""}>
            <button type="button" class="song-row" disabled={song.deleted} onClick={() => void openSong(song.id)}>
              <b>{song.name}</b>
              <span class="quiet" title={song.form}>{song.key ?? "no key"} · {song.bars} bars · {ago(song.edited)}</span>
            </button>
            {song.deleted ? (
              <button type="button" onClick={() => void told(() => api.bringBack(song.id)).then(load)}>Bring back</button>
            ) : (
              <>
                <IconButton icon="copy" label={`Duplicate ${song.name}`} onClick={() => void copy(song)} />
                <IconButton icon="trash" label={`Delete ${song.name}`} onClick={() => void remove(song)} />
              </>
            )}
          </li>
        ))}
      </ul>
    </Dialog>
  );
}

export function ago(edited: string): string {
  const minutes = Math.round((Date.now() - Date.parse(edited)) / 60_000);
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} min ago`;
  if (minutes < 24 * 60) return `${Math.round(minutes / 60)} h ago`;
  return new Date(edited).toLocaleDateString();
}
