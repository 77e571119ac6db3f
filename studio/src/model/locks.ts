/** Locks: bars of lanes in which nothing may change. */
import type { Lane, Lock } from "../api/types";
import type { Bars } from "./time";

export function lockedBars(locks: readonly Lock[], lane: Lane): Bars[] {
  return locks.filter((lock) => lock.lane === lane).map((lock) => ({ first: lock.first_bar, last: lock.last_bar }));
}

export function isLocked(locks: readonly Lock[], lane: Lane, bars: Bars): boolean {
  const set = barSet(locks, lane);
  for (let bar = bars.first; bar <= bars.last; bar++) if (!set.has(bar)) return false;
  return true;
}

export function touchesLock(locks: readonly Lock[], lane: Lane, bars: Bars): boolean {
  const set = barSet(locks, lane);
  for (let bar = bars.first; bar <= bars.last; bar++) if (set.has(bar)) return true;
  return false;
}

/** All locks after these bars of these lanes were locked, or, where all of them were, unlocked. */
export function toggledLocks(locks: readonly Lock[], lanes: readonly Lane[], bars: Bars): Lock[] {
  const unlock = lanes.every((lane) => isLocked(locks, lane, bars));
  const others = locks.filter((lock) => !lanes.includes(lock.lane));
  const changed = lanes.flatMap((lane) => {
    const set = barSet(locks, lane);
    for (let bar = bars.first; bar <= bars.last; bar++) {
      if (unlock) set.delete(bar);
      else set.add(bar);
    }
    return runs([...set].sort((one, other) => one - other)).map((run) => ({ lane, first_bar: run.first, last_bar: run.last }));
  });
  return [...others, ...changed];
}

function barSet(locks: readonly Lock[], lane: Lane): Set<number> {
  const set = new Set<number>();
  for (const { first, last } of lockedBars(locks, lane)) for (let bar = first; bar <= last; bar++) set.add(bar);
  return set;
}

function runs(bars: readonly number[]): Bars[] {
  const found: Bars[] = [];
  for (const bar of bars) {
    const latest = found.at(-1);
    if (latest && latest.last === bar - 1) found[found.length - 1] = { first: latest.first, last: bar };
    else found.push({ first: bar, last: bar });
  }
  return found;
}
