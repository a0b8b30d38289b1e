import { AwsError } from '../gateway/aws-error.js';

/** What a service answers when it refuses for a reason of its own: error name and HTTP status. */
interface ServiceErrors {
  readonly throttled: readonly [code: string, status: number];
  readonly failed: readonly [code: string, status: number];
  /** A quota of running jobs is used up. */
  readonly atCapacity?: readonly [code: string, status: number];
  /** A client token was used before with other parameters. */
  readonly tokenConflict?: readonly [code: string, status: number];
}

/** The error names in the services' API references. */
const errors: Readonly<Record<string, ServiceErrors>> = {
  dynamodb: {
    throttled: ['ThrottlingException', 400],
    failed: ['InternalServerError', 500],
    atCapacity: ['LimitExceededException', 400],
    tokenConflict: ['ExportConflictException', 400],
  },
  glue: {
    throttled: ['ThrottlingException', 400],
    failed: ['InternalServiceException', 500],
    atCapacity: ['ConcurrentRunsExceededException', 400],
    tokenConflict: ['IdempotentParameterMismatchException', 400],
  },
  'redshift-data': {
    throttled: ['ThrottlingException', 400],
    failed: ['InternalServerException', 500],
    atCapacity: ['ActiveStatementsExceededException', 400],
    tokenConflict: ['ValidationException', 400],
  },
  s3: { throttled: ['SlowDown', 503], failed: ['InternalError', 500] },
  sns: { throttled: ['Throttled', 429], failed: ['InternalError', 500] },
  iam: { throttled: ['Throttling', 400], failed: ['ServiceFailure', 500] },
  secretsmanager: { throttled: ['ThrottlingException', 400], failed: ['InternalServiceError', 500] },
  sts: { throttled: ['Throttling', 400], failed: ['InternalFailure', 500] },
};

const tokenConflictOfQuality = { tokenConflict: ['ConflictException', 400] } as const;

/** Where an operation has another name for it than its service. */
const errorsOfOperations: Readonly<Record<string, Partial<ServiceErrors>>> = {
  'glue.StartDataQualityRulesetEvaluationRun': tokenConflictOfQuality,
  'glue.StartDataQualityRuleRecommendationRun': tokenConflictOfQuality,
};

/** Services of the local AWS that faults can be made for. */
export const serviceNames: readonly string[] = Object.keys(errors);

/** An error that a service has a name of its own for. */
export type ServiceErrorKind = keyof ServiceErrors;

/** True when the service has an error of this kind. */
export const hasServiceError = (service: string, kind: ServiceErrorKind): boolean =>
  errors[service]?.[kind] !== undefined;

const messages: Readonly<Record<ServiceErrorKind, string>> = {
  throttled: 'Rate exceeded',
  failed: 'We encountered an internal error. Please try again.',
  atCapacity: 'The quota of what may run at the same time is used up',
  tokenConflict: 'The client token was already used for a request with other parameters',
};

/** The error as the service answers it. */
export function serviceError(service: string, operation: string, kind: ServiceErrorKind): AwsError {
  const own = errorsOfOperations[`${service}.${operation}`]?.[kind];
  const [code, status] = own ?? errors[service]?.[kind] ?? (['InternalFailure', 500] as const);
  return new AwsError(code, `${messages[kind]} (injected fault)`, status);
}
