import type { NativeConnection } from '@temporalio/worker';
import { searchAttributes } from '../model/elt-run.js';

const keyword = 2; // temporal.api.enums.v1.IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD

/** A search attribute is missing or has another type, and this worker may not mend that. */
export class SearchAttributeError extends Error {
  constructor(namespace: string, names: readonly string[], cause?: unknown) {
    const commands = names.map(
      (name) => `  temporal operator search-attribute create --namespace ${namespace} --name ${name} --type Keyword`
    );
    super(
      [
        `Temporal's namespace ${namespace} lacks search attributes that pipelines set, and the worker could not add them:`,
        ...(cause instanceof Error ? [`  ${cause.message}`] : []),
        'Create them with',
        ...commands,
        '(on Temporal Cloud: tcld namespace search-attributes add, or its web page), then start the worker again.',
      ].join('\n'),
      { cause }
    );
    this.name = 'SearchAttributeError';
  }
}

/** The namespace does not exist, or these credentials do not see it. */
export class NamespaceError extends Error {
  constructor(namespace: string, cause: unknown) {
    super(
      `Temporal has no namespace ${namespace}. Create it with\n` +
        `  temporal operator namespace create --namespace ${namespace}\n` +
        'or name another one in TEMPORAL_NAMESPACE.',
      { cause }
    );
    this.name = 'NamespaceError';
  }
}

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
