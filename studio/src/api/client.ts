/** The server's routes as functions; what it refuses comes as an `ApiError` with its one sentence. */
import type {
  Closeness, Command, CommandLine, Composing, DrawerTake, Job, Listed, Recomposing, ServerState, SongDocument, Version,
} from "./types";

export class ApiError extends Error {
  constructor(readonly status: number, detail: string, readonly version: number | null) {
    super(detail);
  }
}

const LOST = "The studio does not answer. Is it still running? Nothing is lost: start it again and reload.";

async function send(method: string, path: string, body?: BodyInit, type?: string): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(`/api/${path}`, { method, body, headers: type ? { "Content-Type": type } : {}, cache: "no-store" });
  } catch {
    throw new ApiError(0, LOST, null);
  }
  if (response.ok) return response;
  const problem = (await response.json().catch(() => ({}))) as { detail?: unknown; version?: number | null };
  const detail = typeof problem.detail === "string" ? problem.detail : `The studio answered ${response.status}.`;
  throw new ApiError(response.status, detail, problem.version ?? null);
}

async function get<Answer>(path: string): Promise<Answer> {
  return (await send("GET", path)).json() as Promise<Answer>;
}

async function call<Answer>(method: string, path: string, body: unknown = {}): Promise<Answer> {
  const response = await send(method, path, JSON.stringify(body), "application/json");
  return (response.status === 204 ? undefined : response.json()) as Promise<Answer>;
}

export const api = {
  state: () => get<ServerState>("state"),
  songs: (search: string, deleted: boolean) => get<Listed[]>(`songs?${new URLSearchParams({ search, deleted: String(deleted) })}`),
  song: (id: string) => get<SongDocument>(`songs/${id}`),
  importFile: async (file: File) => {
    const path = `songs/import?${new URLSearchParams({ name: file.name })}`;
    return (await send("POST", path, file, "application/octet-stream")).json() as Promise<SongDocument>;
  },
  rename: (id: string, name: string) => call<SongDocument>("PATCH", `songs/${id}`, { name }),
  remove: (id: string) => call<void>("DELETE", `songs/${id}`),
  bringBack: (id: string) => call<SongDocument>("POST", `songs/${id}/restore`),
  copy: (id: string, version: number, name: string, commands: readonly Command[] = []) =>
    call<SongDocument>("POST", `songs/${id}/copies`, { version, name, commands }),
  change: (id: string, base_version: number, commands: readonly Command[]) =>
    call<SongDocument>("POST", `songs/${id}/commands`, { base_version, commands }),
  undo: (id: string, base_version: number) => call<SongDocument>("POST", `songs/${id}/undo`, { base_version }),
  redo: (id: string, base_version: number) => call<SongDocument>("POST", `songs/${id}/redo`, { base_version }),
  versions: (id: string) => get<Version[]>(`songs/${id}/versions`),
  restoreVersion: (id: string, version: number, base_version: number) =>
    call<SongDocument>("POST", `songs/${id}/versions/${version}/restore`, { base_version }),
  compose: (request: Composing) => call<Job>("POST", "jobs", request),
  recompose: (id: string, request: Recomposing) => call<Job>("POST", `songs/${id}/jobs`, request),
  jobs: () => get<Job[]>("jobs"),
  job: (id: string) => get<Job>(`jobs/${id}`),
  stop: (id: string) => call<Job>("POST", `jobs/${id}/stop`),
  restart: (id: string) => call<Job>("POST", `jobs/${id}/restart`),
  takes: (id: string) => get<DrawerTake[]>(`songs/${id}/takes`),
  take: (id: string, job: string, number: number, base_version: number) =>
    call<SongDocument>("POST", `songs/${id}/takes/${job}/${number}`, { base_version }),
  closeness: (id: string) => get<Closeness>(`songs/${id}/closeness`),
  command: (id: string) => get<CommandLine>(`songs/${id}/command`),
  exported: async (id: string, format: string) => {
    const response = await send("GET", `songs/${id}/export/${format}`);
    const name = response.headers.get("Content-Disposition")?.match(/filename\*=UTF-8''(.+)$/)?.[1];
    return { file: await response.blob(), name: name ? decodeURIComponent(name) : format };
  },
  scorePage: async (id: string, page: number) => {
    const response = await send("GET", `songs/${id}/score.svg?page=${page}`);
    return { svg: await response.blob(), pages: Number(response.headers.get("Canzona-Pages") ?? 1) };
  },
  soundfont: async () => (await send("GET", "soundfont")).arrayBuffer(),
};

export function exportAddress(id: string, format: string): string {
  return `/api/songs/${id}/export/${format}`;
}
