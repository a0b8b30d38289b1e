import type { NativeConnection } from '@temporalio/worker';
import { searchAttributes } from '../model/elt-run.js';
import { NamespaceError, SearchAttributeError } from './temporal-errors.js';

const keyword = 2; // temporal.api.enums.v1.IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD

const grpcNotFound = 5;

/**
 * Adds Sluice's search attributes to the namespace where they are missing. Throws {@link SearchAttributeError} when they
 * are and cannot be added, {@link NamespaceError} when there is no such namespace. A server that does not tell which it
 * has is taken to have them.
 */
export async function ensureSearchAttributes(
  connection: NativeConnection,
  namespace: string,
  onWarning: (message: string) => void = () => undefined
): Promise<void> {
  const { operatorService } = connection;
  let present: Readonly<Record<string, unknown>>;
  try {
    present = (await operatorService.listSearchAttributes({ namespace })).customAttributes ?? {};
  } catch (error) {
    if ((error as { code?: unknown }).code === grpcNotFound) throw new NamespaceError(namespace, error);
    onWarning(`Temporal does not tell which search attributes it has: ${String(error)}`);
    return;
  }
  const missing = searchAttributes.filter((name) => !Object.hasOwn(present, name));
  if (missing.length === 0) return;
  try {
    await operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(missing.map((name) => [name, keyword])),
    });
  } catch (error) {
    // Another worker may have been faster.
    const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
    const still = missing.filter((name) => !Object.hasOwn(customAttributes ?? {}, name));
    if (still.length > 0) throw new SearchAttributeError(namespace, still, error);
  }
}
