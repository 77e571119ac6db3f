/** What the server tells by itself: progress of jobs, and songs that another page has changed. */
import type { Job } from "./types";

export interface ServerEvents {
  readonly job: (job: Job) => void;
  readonly song: (song: { id: string; version: number }) => void;
  /** Called whenever the connection is there again: what was missed can be asked for. */
  readonly open: () => void;
}

export function listen(events: ServerEvents): () => void {
  const source = new EventSource("/api/events");
  source.addEventListener("open", events.open);
  source.addEventListener("job", (event) => events.job(JSON.parse((event as MessageEvent<string>).data) as Job));
  source.addEventListener("song", (event) =>
    events.song(JSON.parse((event as MessageEvent<string>).data) as { id: string; version: number }),
  );
  return () => source.close();
}
