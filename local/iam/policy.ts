import { z } from 'zod';
import { AwsError } from '../gateway/aws-error.js';

const texts = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]).transform((value) => [value].flat());

const statement = z
  .strictObject({
    Sid: z.string().optional(),
    Effect: z.enum(['Allow', 'Deny']),
    Action: texts.optional(),
    NotAction: texts.optional(),
    Resource: texts.optional(),
    NotResource: texts.optional(),
  })
  .refine(({ Action, NotAction }) => (Action === undefined) !== (NotAction === undefined))
  .refine(({ Resource, NotResource }) => (Resource === undefined) !== (NotResource === undefined));

const document = z.strictObject({
  Version: z.enum(['2012-10-17', '2008-10-17']).optional(),
  Id: z.string().optional(),
  Statement: z
    .union([statement, z.array(statement)])
    .transform((value): readonly z.output<typeof statement>[] => [value].flat()),
});

/** A policy as it is evaluated. */
export type Policy = z.output<typeof document>;

/** What a simulation says of one action on one resource. */
export type Decision = 'allowed' | 'explicitDeny' | 'implicitDeny';

/**
 * Reads a policy of an identity. Conditions and policy variables are not evaluated here, and therefore refused.
 * @throws AwsError `MalformedPolicyDocument`
 */
export function parsePolicy(text: string): Policy {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    throw new AwsError('MalformedPolicyDocument', 'Syntax errors in policy.');
  }
  const result = document.safeParse(content);
  if (result.success) return result.data;
  const unknown = result.error.issues.some(({ code }) => code === 'unrecognized_keys');
  const reason = unknown ? ' The local IAM knows Effect, (Not)Action and (Not)Resource, no conditions.' : '';
  throw new AwsError('MalformedPolicyDocument', `Syntax errors in policy.${reason}`);
}

/** Like IAM's patterns: `*` stands for any text, `?` for one character. */
function matches(pattern: string, text: string, flags: string): boolean {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, `s${flags}`).test(text);
}

/**
 * Decides as IAM does: an explicit denial wins, then a permission; what is not permitted is denied.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
export function decide(policies: readonly Policy[], action: string, resource: string): Decision {
  const any = (patterns: readonly string[], text: string, flags = ''): boolean =>
    patterns.some((pattern) => matches(pattern, text, flags));
  const applying = policies
    .flatMap(({ Statement }) => Statement)
    .filter(({ Action, NotAction = [] }) => (Action ? any(Action, action, 'i') : !any(NotAction, action, 'i')))
    .filter(({ Resource, NotResource = [] }) => (Resource ? any(Resource, resource) : !any(NotResource, resource)));
  if (applying.some(({ Effect }) => Effect === 'Deny')) return 'explicitDeny';
  return applying.length > 0 ? 'allowed' : 'implicitDeny';
}
