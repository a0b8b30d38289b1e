/** Temporal cannot be used as it is configured; the message says what to do. */
export class TemporalConnectionError extends Error {
  constructor(message: string, cause: unknown) {
    super(message, { cause });
    this.name = 'TemporalConnectionError';
  }
}

/** No Temporal server answers at the address. */
export class TemporalUnreachableError extends TemporalConnectionError {
  constructor(address: string, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(
      `No Temporal server answers at ${address}: ${reason}\n` +
        'Set TEMPORAL_ADDRESS (and TEMPORAL_NAMESPACE, TEMPORAL_API_KEY or TEMPORAL_TLS_*), or start one with `sluice up`.',
      cause
    );
    this.name = 'TemporalUnreachableError';
  }
}

/** Something is at the address, and TLS is why it cannot be talked to. */
export class TemporalTlsError extends TemporalConnectionError {
  constructor(address: string, reason: string, cause: unknown) {
    super(`The Temporal server at ${address} cannot be talked to: ${reason}.`, cause);
    this.name = 'TemporalTlsError';
  }
}

/** The server does not take who calls. */
export class TemporalAccessError extends TemporalConnectionError {
  constructor(address: string, namespace: string, cause: unknown) {
    super(
      `The Temporal server at ${address} refuses access to namespace ${namespace}: set TEMPORAL_API_KEY to a key that has ` +
        'not expired or been revoked, of an identity with access to this namespace, and check TEMPORAL_NAMESPACE.',
      cause
    );
    this.name = 'TemporalAccessError';
  }
}

/** The namespace does not exist, or these credentials do not see it. */
export class NamespaceError extends TemporalConnectionError {
  constructor(namespace: string, cause: unknown) {
    super(
      `Temporal has no namespace ${namespace}. Create it with\n` +
        `  temporal operator namespace create --namespace ${namespace}\n` +
        'or name another one in TEMPORAL_NAMESPACE.',
      cause
    );
    this.name = 'NamespaceError';
  }
}

/** A search attribute is missing and this worker may not add it. */
export class SearchAttributeError extends TemporalConnectionError {
  constructor(namespace: string, names: readonly string[], cause: unknown) {
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
      cause
    );
    this.name = 'SearchAttributeError';
  }
}
