import { ConcurrentRunsExceededException, EntityNotFoundException, ThrottlingException } from '@aws-sdk/client-glue';
import { S3ServiceException } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { classifyError } from '../../activities/error-classes.js';
import { AwsCallError, StepError, toFailure } from '../../activities/failures.js';
import { statementErrorClass } from '../../activities/redshift-errors.js';
import { withoutValues } from '../../activities/without-values.js';

const $metadata = { httpStatusCode: 400, requestId: 'req-7' };
const s3Error = (name: string, httpStatusCode: number) =>
  new S3ServiceException({ name, $fault: 'server', message: 'no', $metadata: { httpStatusCode } });
const nodeError = (code: string) => Object.assign(new Error(`connect ${code}`), { code });

describe('classifyError', () => {
  it.each([
    ['Throttled', new ThrottlingException({ message: 'Rate exceeded', $metadata })],
    ['AtCapacity', new ConcurrentRunsExceededException({ message: 'too many', $metadata })],
    ['Permanent', new EntityNotFoundException({ message: 'no job', $metadata })],
    ['Throttled', s3Error('SlowDown', 503)],
    ['Throttled', s3Error('SomethingNew', 429)],
    ['Transient', s3Error('SomethingNew', 502)],
    ['Permanent', s3Error('SomethingNew', 409)],
    ['Permanent', s3Error('InsufficientStorage', 507)],
    ['Permanent', s3Error('UnknownError', 507)],
    ['Transient', nodeError('ECONNRESET')],
    ['Transient', Object.assign(new AggregateError([nodeError('ECONNREFUSED')], ''), { code: 'ECONNREFUSED' })],
    ['Permanent', new TypeError('x is undefined')],
    ['Permanent', 'a thrown text'],
  ])('is %s for %s', (errorClass, error) => {
    expect(classifyError(error).errorClass).toBe(errorClass);
  });

  // What the services' API references say of the errors that Sluice's own operations can meet with.
  it.each([
    [
      'Throttled',
      ['ThrottlingException', 'ThrottledException', 'KMSThrottlingException', 'SlowDown', 'RequestLimitExceeded'],
    ],
    ['Throttled', ['ActiveWaitingRequestsExceededException', 'ProvisionedThroughputExceededException']],
    [
      'AtCapacity',
      ['ConcurrentRunsExceededException', 'ResourceNumberLimitExceededException', 'LimitExceededException'],
    ],
    ['AtCapacity', ['ActiveStatementsExceededException', 'ActiveSessionsExceededException']],
    [
      'Transient',
      ['InternalServerError', 'InternalServiceException', 'InternalServerException', 'InternalErrorException'],
    ],
    ['Transient', ['OperationTimeoutException', 'DatabaseConnectionException', 'ExecuteStatementException']],
    ['Transient', ['BatchExecuteStatementException', 'ServiceUnavailable', 'OperationAborted', 'RequestTimeout']],
    ['Permanent', ['AccessDeniedException', 'AccessDenied', 'EntityNotFoundException', 'TableNotFoundException']],
    [
      'Permanent',
      ['InvalidInputException', 'ValidationException', 'InvalidExportTimeException', 'NoSuchBucket', 'NoSuchKey'],
    ],
    ['Permanent', ['ExportConflictException', 'IdempotentParameterMismatchException', 'GlueEncryptionException']],
    ['Permanent', ['PointInTimeRecoveryUnavailableException', 'QueryTimeoutException', 'InvalidParameterException']],
  ])('is %s for %j, by name alone', (errorClass, names) => {
    for (const name of names) {
      const error = Object.assign(new Error('no'), { name, $metadata: { httpStatusCode: 400, requestId: 'r' } });
      expect([name, classifyError(error).errorClass]).toEqual([name, errorClass]);
    }
  });

  it('takes names that every object has for unknown', () => {
    expect(classifyError(Object.assign(new Error('x'), { name: 'constructor' })).errorClass).toBe('Permanent');
  });

  it('finds the reason of a refused connection to several addresses', () => {
    const error = new AggregateError([nodeError('ECONNREFUSED')], '');
    expect(classifyError(error)).toMatchObject({ errorClass: 'Transient', message: 'connect ECONNREFUSED' });
  });
});

describe('toFailure', () => {
  it('names stage, resource, AWS error and request, and says what to do', () => {
    const error = new AwsCallError(
      'Glue job land_order_job',
      new EntityNotFoundException({ message: 'Job not found.', $metadata })
    );
    const failure = toFailure(error, 'landing');
    expect(failure).toMatchObject({ type: 'Permanent', nonRetryable: true });
    expect(failure.message).toBe(
      'landing: Glue job land_order_job: EntityNotFoundException: Job not found. (AWS request req-7). ' +
        'Check the name in the configuration, and the Region of the worker (AWS_REGION).'
    );
    expect(failure.details).toEqual([
      { stage: 'landing', resource: 'Glue job land_order_job', error: 'EntityNotFoundException', requestId: 'req-7' },
    ]);
  });

  it('delays a throttled attempt longer and longer, with jitter, and leaves transient ones to the policy', () => {
    const throttled = new ThrottlingException({ message: 'Rate exceeded', $metadata });
    const delays = [1, 3, 20].map((attempt) => Number(toFailure(throttled, 'lake', attempt).nextRetryDelay));
    expect(delays[0]).toBeGreaterThanOrEqual(1_000);
    expect(delays[0]).toBeLessThanOrEqual(2_000);
    expect(delays[1]).toBeGreaterThanOrEqual(4_000);
    expect(delays[2]).toBeLessThanOrEqual(60_000);
    expect(toFailure(nodeError('ECONNRESET'), 'lake').nextRetryDelay).toBeUndefined();
  });

  it('keeps a conflict from being retried by the server, which would ask for the same statement again', () => {
    const failure = toFailure(new StepError('ConflictingTransaction', 'dwh.merge_order', 'ended FAILED'), 'dwh');
    expect(failure).toMatchObject({ type: 'ConflictingTransaction', nonRetryable: true });
  });
});

describe('the errors of statements', () => {
  it.each([
    'ERROR: 1023 DETAIL: Serializable isolation violation on table - 11342',
    'ERROR: conflict with concurrent transaction',
    'ERROR: could not open relation with OID 4711',
    'ERROR: could not serialize access due to concurrent update',
    'ERROR: deadlock detected',
  ])('takes %j for a conflict', (message) => {
    expect(statementErrorClass(message)).toBe('ConflictingTransaction');
  });

  it.each(['ERROR: syntax error at or near "SELEC"', 'ERROR: relation "dwh.x" does not exist', 'row 10234 is missing'])(
    'takes %j for permanent',
    (message) => {
      expect(statementErrorClass(message)).toBe('Permanent');
    }
  );

  it.each([
    ['ERROR: invalid input syntax for type integer: "Jane Doe"', 'Jane'],
    ['ERROR: invalid input syntax for type integer: "a"Jane', 'Jane'],
    ['ERROR: duplicate key value violates unique constraint "k"\n  DETAIL: Key (email)=(jane@x.org) exists', 'jane'],
    ['ERROR: value "Jane" is out of range for type integer', 'Jane'],
    ['ERROR: Key (email)=(jane@x.org) is not present', 'jane'],
  ])('keeps row data out of %j', (message, data) => {
    expect(withoutValues(message)).not.toContain(data);
  });

  it('keeps the names of tables', () => {
    expect(withoutValues('ERROR: relation "dwh.order" does not exist')).toContain('"dwh.order"');
  });
});
