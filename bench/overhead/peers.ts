import type { RemoteJobTime } from './stage.js';

/** An orchestrator that looks at every remote job at a fixed interval. */
export interface PollingPeer {
  readonly by: string;
  readonly pollSeconds: number;
}

/** The original pipeline's state machine: start, then wait, describe and choose again and again. */
export const stepFunctions: PollingPeer = { by: 'Step Functions, polling every 30 s (computed)', pollSeconds: 30 };

/** `poke_interval` of Airflow's sensors by default; without its scheduler's own delays. */
export const airflow: PollingPeer = { by: 'Airflow sensors, poke_interval 60 s (computed)', pollSeconds: 60 };

/** Stretches of time in which at least one job ran, in seconds, in their order. */
export function stretches(jobs: readonly RemoteJobTime[]): readonly number[] {
  const merged: { from: number; to: number }[] = [];
  for (const { from, to } of [...jobs].sort((left, right) => left.from - right.from)) {
    const last = merged.at(-1);
    if (last !== undefined && from <= last.to) last.to = Math.max(last.to, to);
    else merged.push({ from, to });
  }
  return merged.map(({ from, to }) => to - from);
}

/** What the same jobs come to when their ends are seen at the next poll, and nothing else takes time. */
export function polled(
  jobs: readonly RemoteJobTime[],
  { pollSeconds }: PollingPeer
): { readonly wall: number; readonly late: number; readonly polls: number } {
  const looks = (seconds: number): number => Math.max(1, Math.ceil(seconds / pollSeconds));
  const lengths = jobs.map(({ from, to }) => to - from);
  const waited = jobs.filter(({ kind }) => kind !== 'statement').map(({ from, to }) => to - from);
  return {
    wall: stretches(jobs).reduce((sum, seconds) => sum + looks(seconds) * pollSeconds, 0),
    late: Math.max(...waited.map((seconds) => looks(seconds) * pollSeconds - seconds)),
    polls: lengths.reduce((sum, seconds) => sum + looks(seconds), 0),
  };
}
