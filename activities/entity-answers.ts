import { AwsCallError } from './failures.js';

async function unless<T>(errorName: string, work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    const cause = error instanceof AwsCallError ? error.cause : error;
    if (cause instanceof Error && cause.name === errorName) return undefined;
    throw error;
  }
}

/** Undefined when Glue says that the entity is not there; no other error means that. */
export function unlessAbsent<T>(work: Promise<T>): Promise<T | undefined> {
  return unless('EntityNotFoundException', work);
}

/** Undefined when Glue says that the entity is there already: another may have made it meanwhile. */
export function unlessThere<T>(work: Promise<T>): Promise<T | undefined> {
  return unless('AlreadyExistsException', work);
}
