import type { z } from 'zod';
import { AwsError } from '../gateway/aws-error.js';

/**
 * Checks an operation's input against its shape.
 * @throws AwsError `ValidationException` that lists every problem, in the manner of AWS's own message
 */
export function parseInput<T>(shape: z.ZodType<T>, input: unknown): T {
  const result = shape.safeParse(input);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => {
    const member = issue.path.map(memberName).join('.');
    return `Value at '${member}' failed to satisfy constraint: ${issue.message}`;
  });
  const count = problems.length;
  throw new AwsError(
    'ValidationException',
    `${count} validation error${count > 1 ? 's' : ''} detected: ${problems.join('; ')}`
  );
}

// AWS names a request's members with a small first letter in these messages.
function memberName(part: PropertyKey): string {
  const name = String(part);
  return name.charAt(0).toLowerCase() + name.slice(1);
}
