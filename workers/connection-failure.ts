import { diagnoseTls } from './connection-diagnosis.js';
import { TemporalAccessError, TemporalTlsError, TemporalUnreachableError } from './temporal-errors.js';
import type { TemporalConnectionError } from './temporal-errors.js';
import type { TemporalSettings } from './temporal-settings.js';

// UNAUTHENTICATED and PERMISSION_DENIED: https://grpc.github.io/grpc/core/md_doc_statuscodes.html
const refusals: readonly unknown[] = [16, 7];

// The worker's connection has no codes, only the texts that Rust's tonic has for the same two.
const refusalTexts = /does not have valid authentication credentials|does not have permission to execute/;

/** True for an error by which the server refuses who calls. */
export function isRefusal(error: unknown): boolean {
  for (let one = error; one instanceof Error; one = one.cause) {
    if ('code' in one && refusals.includes(one.code)) return true;
    if (refusalTexts.test(one.message)) return true;
  }
  return false;
}

/** Why Temporal could not be connected to, in words that say what to do. */
export async function connectionFailure(
  { address, namespace, connectionOptions }: TemporalSettings,
  error: unknown
): Promise<TemporalConnectionError> {
  if (isRefusal(error)) return new TemporalAccessError(address, namespace, error);
  const reason = await diagnoseTls(address, connectionOptions.tls);
  if (reason !== undefined) return new TemporalTlsError(address, reason, error);
  return new TemporalUnreachableError(address, error);
}
