import type { Configuration } from '../model/index.js';

/** Identities of SES that may stand for the sender of the usage report: the address itself, or its domain. */
export function sesIdentities(guard: Configuration['usageGuard']): string[] {
  const from = guard?.from;
  return from === undefined ? [] : [from, from.slice(from.indexOf('@') + 1)];
}
