import { CommandError, messageOf } from '../errors.js';
import { rootCause } from '../root-cause.js';

/** What an AWS SDK error may have besides its message. */
interface SdkError extends Error {
  readonly code?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
  /** Set by the doctor's clients: the IAM action that was called. */
  readonly action?: string;
}

const expired = new Set(['ExpiredToken', 'ExpiredTokenException', 'RequestExpired', 'TokenRefreshRequired']);

const unusable = new Set([
  'CredentialsProviderError',
  'InvalidAccessKeyId',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'MissingAuthenticationToken',
  'MissingAuthenticationTokenException',
  'SignatureDoesNotMatch',
  'UnrecognizedClientException',
]);

const unreachable = new Set(['ECONNREFUSED', 'ECONNRESET', 'EHOSTUNREACH', 'ENOTFOUND', 'ETIMEDOUT', 'TimeoutError']);

/** Kinds of failure that say something of the set-up rather than of what was looked at. */
export type FailureKind = 'denied' | 'expired' | 'credentials' | 'region' | 'unreachable' | 'other';

/** Why a call failed. */
export interface ExplainedFailure {
  readonly kind: FailureKind;
  /** One sentence without secrets. */
  readonly message: string;
  readonly fix?: string;
  /** The IAM action that was refused. */
  readonly action?: string;
}

/** Says what a failed look at something means for the one who asked. */
export function explainFailure(thrown: unknown): ExplainedFailure {
  const error = (thrown instanceof Error ? thrown : new Error(String(thrown))) as SdkError;
  const { name, action } = error;
  if (expired.has(name)) {
    return { kind: 'expired', message: 'the AWS credentials have expired', fix: 'Log in again, or renew them.' };
  }
  if (unusable.has(name)) {
    const message =
      name === 'CredentialsProviderError' ? 'there are no AWS credentials' : `AWS knows no such ones (${name})`;
    const fix = 'Set AWS_PROFILE, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run where a role gives them.';
    return { kind: 'credentials', message, fix };
  }
  if (
    /^AccessDenied|^AuthorizationError|^UnauthorizedOperation/.test(name) ||
    error.$metadata?.httpStatusCode === 403
  ) {
    const message = `the AWS identity may not call ${action ?? 'this operation'}`;
    return { kind: 'denied', message, fix: `Grant ${action ?? 'it'}.`, ...(action && { action }) };
  }
  if (/region is missing/i.test(error.message)) {
    return { kind: 'region', message: 'no AWS Region is set', fix: 'Set AWS_REGION, or region in the AWS profile.' };
  }
  const { code } = rootCause(error) as SdkError;
  if (unreachable.has(name) || unreachable.has(code ?? '')) {
    const message = `no answer (${code ?? name})`;
    return { kind: 'unreachable', message, fix: 'Check the network, AWS_REGION and AWS_ENDPOINT_URL.' };
  }
  if (error instanceof CommandError) return { kind: 'other', message: firstLine(error) };
  return { kind: 'other', message: name === 'Error' ? firstLine(error) : `${name}: ${firstLine(error)}` };
}

const firstLine = (error: Error): string => messageOf(error).split('\n')[0] ?? '';
