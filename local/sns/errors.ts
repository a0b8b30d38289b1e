import { AwsError } from '../gateway/aws-error.js';

/** SNS's error for a parameter, in its words. */
export function invalid(name: string, reason?: string): AwsError {
  return new AwsError(
    'InvalidParameter',
    `Invalid parameter: ${name}${reason === undefined ? '' : ` Reason: ${reason}`}`
  );
}

/** SNS's error for a topic or subscription that is not there. */
export function notFound(what: 'Topic' | 'Subscription'): AwsError {
  return new AwsError('NotFound', `${what} does not exist`, 404);
}
