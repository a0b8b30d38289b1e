import type { Checkpoint } from './checkpoints.js';

/** Calls that start or change something elsewhere. */
const changes = /\.(Start|Execute|BatchExecute|ExportTable|Put|Copy|Create|Upload|Complete|Delete)/;

/** Both sides of every call of a run, in the order of the calls. */
export function checkpointsOf(labels: readonly string[]): Checkpoint[] {
  return labels.flatMap((label) => [
    { phase: 'before' as const, label },
    { phase: 'after' as const, label },
  ]);
}

/** So many of a list, evenly spread over it. */
function evenly<T>(list: readonly T[], number: number): T[] {
  return list.filter(
    (_one, at) => Math.floor((at * number) / list.length) !== Math.floor(((at - 1) * number) / list.length)
  );
}

/** A choice of so many checkpoints: those at all changes first, unless told otherwise, and an even spread of the rest. */
export function spread(
  all: readonly Checkpoint[],
  number: number,
  { changes: withChanges = true }: { readonly changes?: boolean } = {}
): Checkpoint[] {
  if (!withChanges) return evenly(all, number);
  const [changing, others] = [true, false].map((is) => all.filter(({ label }) => changes.test(label) === is));
  const chosen = new Set([...(changing ?? []), ...evenly(others ?? [], Math.max(0, number - (changing?.length ?? 0)))]);
  return all.filter((checkpoint) => chosen.has(checkpoint));
}
