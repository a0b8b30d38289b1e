/** How a failure is treated; also the `type` of the `ApplicationFailure` that the workflow and the Temporal UI see. */
export type ErrorClass =
  /** AWS asks for fewer calls: retried with a growing delay and jitter. */
  | 'Throttled'
  /** A quota of running jobs is used up: waited out, without using up attempts. */
  | 'AtCapacity'
  /** Network and server trouble: retried. */
  | 'Transient'
  /** Another transaction was in the way: the workflow repeats the whole transaction under a new token. */
  | 'ConflictingTransaction'
  /** No repeat would help: fails at once and says what to do. */
  | 'Permanent';

interface ErrorRule {
  readonly errorClass: ErrorClass;
  /** What to do about it. */
  readonly advice?: string;
}

const permanent = (advice?: string): ErrorRule => ({ errorClass: 'Permanent', advice });
const throttled: ErrorRule = { errorClass: 'Throttled' };
const atCapacity: ErrorRule = { errorClass: 'AtCapacity' };
const transient: ErrorRule = { errorClass: 'Transient' };
const credentials = permanent('Check the AWS credentials of the worker (AWS_PROFILE, AWS_ACCESS_KEY_ID, its role).');
const permission = permanent('Grant the worker’s IAM principal the action that the message names.');
const tokenReuse = permanent(
  'The run key was used before with other parameters: start a run with a fresh key (--fresh).'
);
const key = permanent('See that the KMS key is enabled, and that the worker and the job may use it.');
const recovery = permanent('Switch point-in-time recovery on for the table (aws dynamodb update-continuous-backups).');
const absent = permanent('Check the name in the configuration, and the Region of the worker (AWS_REGION).');

/**
 * AWS error names and Node's network error codes by class. Names that are absent go by HTTP status: 429 is throttled,
 * 5xx transient, 4xx permanent. Sources: the services' API references and the SDK's own lists of retryable errors.
 */
const rules: Readonly<Record<string, ErrorRule>> = {
  BandwidthLimitExceeded: throttled,
  EC2ThrottledException: throttled,
  KMSThrottlingException: throttled,
  PriorRequestNotComplete: throttled,
  ProvisionedThroughputExceededException: throttled,
  RequestLimitExceeded: throttled,
  RequestThrottled: throttled,
  RequestThrottledException: throttled,
  SlowDown: throttled,
  ThrottledException: throttled,
  Throttling: throttled,
  ThrottlingException: throttled,
  TooManyRequestsException: throttled,
  ActiveWaitingRequestsExceededException: throttled,

  ActiveSessionsExceededException: atCapacity,
  ActiveStatementsExceededException: atCapacity,
  ConcurrentRunsExceededException: atCapacity,
  LimitExceededException: atCapacity,
  ResourceNumberLimitExceededException: atCapacity,

  BatchExecuteStatementException: transient,
  ConcurrentAccessException: transient,
  ConcurrentModificationException: transient,
  DatabaseConnectionException: transient,
  ExecuteStatementException: transient,
  InternalError: transient,
  InternalErrorException: transient,
  InternalFailure: transient,
  InternalServerError: transient,
  InternalServerException: transient,
  InternalServiceException: transient,
  OperationAborted: transient,
  OperationTimeoutException: transient,
  RequestExpired: transient,
  ResourceNotReadyException: transient,
  RequestTimeTooSkewed: transient,
  RequestTimeout: transient,
  RequestTimeoutException: transient,
  ServiceUnavailable: transient,
  ServiceUnavailableException: transient,
  TimeoutError: transient,
  TransactionInProgressException: transient,
  EAI_AGAIN: transient,
  ECONNABORTED: transient,
  ECONNREFUSED: transient,
  ECONNRESET: transient,
  EHOSTUNREACH: transient,
  ENETUNREACH: transient,
  ENOTFOUND: transient,
  EPIPE: transient,
  ETIMEDOUT: transient,

  AccessDenied: permission,
  AccessDeniedException: permission,
  AuthorizationErrorException: permission,
  UnauthorizedException: permission,
  CredentialsProviderError: credentials,
  ExpiredToken: credentials,
  ExpiredTokenException: credentials,
  InvalidAccessKeyId: credentials,
  InvalidClientTokenId: credentials,
  InvalidSignatureException: credentials,
  SignatureDoesNotMatch: credentials,
  UnrecognizedClientException: credentials,
  EntityNotFoundException: absent,
  NoSuchBucket: absent,
  ResourceNotFoundException: absent,
  TableNotFoundException: absent,
  GlueEncryptionException: key,
  KMSAccessDeniedException: key,
  KMSDisabledException: key,
  KMSInvalidStateException: key,
  KMSKeyNotAccessibleFault: key,
  KMSNotFoundException: key,
  ContinuousBackupsUnavailableException: recovery,
  PointInTimeRecoveryUnavailableException: recovery,
  ExportConflictException: tokenReuse,
  IdempotentParameterMismatchException: tokenReuse,
  InsufficientStorage: permanent('The disk of the local AWS is full.'),
  InvalidExportTimeException: permanent('The time lies outside the table’s window for point-in-time recovery.'),
  QueryTimeoutException: permanent('The statement ran into the warehouse’s query timeout.'),
};

/** What the AWS SDK's errors have in common, and Node's. */
interface ErrorShape {
  readonly name?: string;
  readonly Code?: string;
  readonly code?: string;
  readonly message?: string;
  readonly errors?: readonly unknown[];
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string };
}

/** A thrown value in the terms of {@link ErrorClass}. */
export interface ClassifiedError extends ErrorRule {
  /** AWS's error name or Node's code. */
  readonly name: string;
  readonly message: string;
  readonly requestId?: string;
}

const byStatus = (status: number | undefined): ErrorRule | undefined => {
  if (status === undefined) return undefined;
  if (status === 429) return throttled;
  if (status === 507) return rules.InsufficientStorage;
  return status >= 500 ? transient : status >= 400 ? permanent() : undefined;
};

/** Class, name, message and request id of whatever an AWS call threw. What nobody knows is permanent. */
export function classifyError(error: unknown): ClassifiedError {
  const shape = (typeof error === 'object' && error !== null ? error : { message: String(error) }) as ErrorShape;
  // A refused connection to a name with several addresses is an AggregateError with an empty message.
  const inner = (shape.message ? undefined : shape.errors?.[0]) as ErrorShape | undefined;
  const names = [shape.name, shape.Code, shape.code, inner?.code].filter((name) => name !== undefined);
  const name = names.find((candidate) => Object.hasOwn(rules, candidate)) ?? names[0] ?? 'Error';
  const rule = (Object.hasOwn(rules, name) ? rules[name] : undefined) ?? byStatus(shape.$metadata?.httpStatusCode);
  return {
    ...(rule ?? permanent()),
    name,
    message: shape.message || inner?.message || name,
    requestId: shape.$metadata?.requestId,
  };
}
