/** Short messages at the foot of the page, with something to do about them. */
import { signal } from "@preact/signals";
import { ApiError } from "../api/client";

export interface Toast {
  readonly id: number;
  readonly text: string;
  readonly kind: "news" | "trouble";
  readonly actions: readonly { readonly label: string; readonly run: () => void }[];
}

const SECONDS = 6;
export const toasts = signal<readonly Toast[]>([]);
let latest = 0;

/** Shows a message; those with something to do stay until they are answered or closed. */
export function tell(text: string, kind: Toast["kind"] = "news", actions: Toast["actions"] = []): void {
  const id = ++latest;
  toasts.value = [...toasts.value.filter((toast) => toast.text !== text).slice(-3), { id, text, kind, actions }];
  if (!actions.length) setTimeout(() => dismiss(id), SECONDS * 1000);
}

export function dismiss(id: number): void {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
}

/** Runs work whose refusal is told in the server's own sentence. */
export async function told<Result>(work: () => Promise<Result>): Promise<Result | null> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    tell(error.message, "trouble");
    return null;
  }
}
