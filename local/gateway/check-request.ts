import { z } from 'zod';
import { AwsError } from './aws-error.js';
import type { CallContext, JsonOperation } from './service.js';

/** A name as Glue and others take it. */
export const nameString = z.string().min(1).max(255);
/** `MaxResults` and `NextToken` of the paged operations, whose largest page differs. */
// eslint-disable-next-line @typescript-eslint/explicit-module-boundary-types -- zod's shapes are inferred
export function paging(largest: number) {
  return { MaxResults: z.number().int().min(1).max(largest).optional(), NextToken: z.string().optional() };
}
export const stringMap = z.record(z.string(), z.string());

function constraintOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'too_small':
      return `Member must have length or value greater than or equal to ${issue.minimum}`;
    case 'too_big':
      return `Member must have length or value less than or equal to ${issue.maximum}`;
    case 'invalid_type':
      return issue.input === undefined ? 'Member must not be null' : `Member must be of type ${issue.expected}`;
    default:
      return issue.message;
  }
}

/**
 * An operation that checks its input first, as AWS's own framework does.
 * Throws {@link AwsError} `ValidationException` that lists every violation.
 */
export function operation<T>(
  input: z.ZodType<T>,
  run: (input: T, context: CallContext) => Promise<object>
): JsonOperation {
  return async (body, context) => {
    const result = input.safeParse(body ?? {}, { reportInput: true });
    if (result.success) return run(result.data, context);
    const problems = result.error.issues.map((issue) => {
      const member = issue.path.map((step, depth) => {
        const name = String(step);
        return depth === 0 ? `${name.charAt(0).toLowerCase()}${name.slice(1)}` : name;
      });
      return `Value at '${member.join('.')}' failed to satisfy constraint: ${constraintOf(issue)}`;
    });
    const plural = problems.length === 1 ? 'error' : 'errors';
    throw new AwsError(
      'ValidationException',
      `${problems.length} validation ${plural} detected: ${problems.join('; ')}`
    );
  };
}

/** A page of entities. `NextToken` is absent on the last one. */
export interface Page<T> {
  readonly items: T[];
  readonly NextToken?: string;
}

/**
 * Cuts a page out of a list that is sorted by `key`. The token is the last key given, so that entities which appear or
 * vanish between two calls neither repeat nor hide others.
 * @throws AwsError `InvalidInputException` for a token that is not ours.
 */
export function pageOf<T>(
  list: readonly { readonly key: string; readonly value: T }[],
  request: { readonly MaxResults?: number | undefined; readonly NextToken?: string | undefined },
  defaultSize = 100
): Page<T> {
  const after =
    request.NextToken === undefined || request.NextToken === '' ? undefined : decodeToken(request.NextToken);
  const rest = after === undefined ? list : list.filter(({ key }) => key > after);
  const page = rest.slice(0, request.MaxResults ?? defaultSize);
  const last = page.at(-1);
  const items = page.map(({ value }) => value);
  return last === undefined || page.length === rest.length ? { items } : { items, NextToken: encodeToken(last.key) };
}

const tokenPrefix = 'after:';

function encodeToken(key: string): string {
  return Buffer.from(`${tokenPrefix}${key}`, 'utf8').toString('base64url');
}

function decodeToken(token: string): string {
  const text = Buffer.from(token, 'base64url').toString('utf8');
  if (!text.startsWith(tokenPrefix)) throw new AwsError('InvalidInputException', 'The NextToken is not valid');
  return text.slice(tokenPrefix.length);
}

/** Seconds since the epoch, as AWS JSON writes times. */
export function epochSeconds(): number {
  return Date.now() / 1000;
}
