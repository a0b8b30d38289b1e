import { AwsCallError } from '../failures.js';

/** True when Glue says that the entity is not there; no other error means that. */
export function isAbsent(error: unknown): boolean {
  const cause = error instanceof AwsCallError ? error.cause : error;
  return cause instanceof Error && cause.name === 'EntityNotFoundException';
}
