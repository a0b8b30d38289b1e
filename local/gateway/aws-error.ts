/**
 * An error as an AWS service answers it. The gateway writes it in the caller's protocol.
 * `code` is the service's own error name, such as `EntityNotFoundException` or `NoSuchKey`.
 */
export class AwsError extends Error {
  constructor(
    readonly code: string,
    message: string,
    /** HTTP status; 400 for most client errors of the JSON protocols. */
    readonly status: number = 400,
    /** Further members of the error document, such as `Resource` for S3. */
    readonly details: Readonly<Record<string, unknown>> = {}
  ) {
    super(message);
    this.name = 'AwsError';
  }
}
