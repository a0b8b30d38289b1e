import { AwsError } from '../gateway/aws-error.js';
import type { Parameters } from '../gateway/query-protocol.js';
import type { XmlContent } from '../gateway/xml.js';
import { parsePolicy } from '../iam/policy.js';
import { uniqueId } from './sessions.js';
import type { TemporarySession, TemporarySessions } from './sessions.js';

/** Seconds; the longest session of a role that another role's session has assumed (role chaining) is an hour. */
const limits = { least: 900, most: 43_200, chained: 3_600, default: 3_600 };

/** Characters of a session policy. */
const maximumPolicy = 2_048;

const violation = (value: string, member: string, constraint: string): AwsError =>
  new AwsError(
    'ValidationError',
    `1 validation error detected: Value '${value}' at '${member}' failed to satisfy constraint: ${constraint}`
  );

function duration(parameters: Parameters, caller: TemporarySession | undefined): number {
  const text = parameters.text('DurationSeconds') ?? String(limits.default);
  const seconds = Number(text);
  if (!Number.isInteger(seconds)) throw violation(text, 'durationSeconds', 'Member must be an integer');
  const bound = (than: string, limit: number): AwsError =>
    violation(text, 'durationSeconds', `Member must have value ${than} than or equal to ${limit}`);
  if (seconds < limits.least) throw bound('greater', limits.least);
  if (seconds > limits.most) throw bound('less', limits.most);
  if (caller !== undefined && seconds > limits.chained) {
    throw new AwsError(
      'ValidationError',
      'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining'
    );
  }
  return seconds;
}

function matching(parameters: Parameters, name: string, pattern: RegExp): string | undefined {
  const text = parameters.text(name);
  if (text === undefined || pattern.test(text)) return text;
  const member = `${name.charAt(0).toLowerCase()}${name.slice(1)}`;
  throw violation(text, member, `Member must satisfy regular expression pattern: ${pattern.source.slice(1, -1)}`);
}

/**
 * AssumeRole. Whoever asks may assume every role of the local account, which has no trust policies: an external id is
 * only checked for its form. The session policy is kept, and enforced by S3.
 * @param caller the session of the asking credentials, when they are temporary themselves.
 * @throws AwsError `ValidationError`, `AccessDenied` for a role of another account, `MalformedPolicyDocument`.
 * @see https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
 */
export async function assumeRole(
  parameters: Parameters,
  { account, sessions, caller }: { account: string; sessions: TemporarySessions; caller?: TemporarySession }
): Promise<Record<string, XmlContent>> {
  const roleArn = parameters.require('RoleArn');
  const sessionName = matching(parameters, 'RoleSessionName', /^[\w+=,.@-]{2,64}$/);
  if (sessionName === undefined) parameters.require('RoleSessionName');
  matching(parameters, 'ExternalId', /^[\w+=,.@:/-]{2,1224}$/);
  const seconds = duration(parameters, caller);
  const [, owner, role] = /^arn:aws:iam::(\d{12}):role\/(?:[!-~]+\/)?([\w+=,.@-]{1,64})$/.exec(roleArn) ?? [];
  if (role === undefined) throw new AwsError('ValidationError', `${roleArn} is invalid`);
  if (owner !== account) {
    const asking = caller?.arn ?? `arn:aws:iam::${account}:user/local`;
    const message = `User: ${asking} is not authorized to perform: sts:AssumeRole on resource: ${roleArn}`;
    throw new AwsError('AccessDenied', message, 403);
  }
  const policy = parameters.text('Policy');
  if (policy !== undefined) {
    if (policy.length > maximumPolicy) {
      throw violation(policy, 'policy', `Member must have length less than or equal to ${maximumPolicy}`);
    }
    parsePolicy(policy);
  }
  const assumedRoleId = `${uniqueId('AROA')}:${sessionName}`;
  const arn = `arn:aws:sts::${account}:assumed-role/${role}/${sessionName}`;
  const issued = await sessions.issue(seconds, { arn, assumedRoleId, policy });
  return {
    Credentials: {
      AccessKeyId: issued.accessKeyId,
      SecretAccessKey: issued.secretAccessKey,
      SessionToken: issued.sessionToken,
      Expiration: new Date(issued.expiration).toISOString().replace('.000Z', 'Z'),
    },
    AssumedRoleUser: { AssumedRoleId: assumedRoleId, Arn: arn },
    ...(policy !== undefined && { PackedPolicySize: Math.ceil((100 * policy.length) / maximumPolicy) }),
  };
}
