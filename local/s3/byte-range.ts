import { AwsError } from '../gateway/aws-error.js';
import { invalidArgument } from './errors.js';

/** A run of bytes; `end` is exclusive. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * The bytes that a `Range` header asks for. Undefined means the whole object: no header, one that is not understood,
 * or several ranges, which S3 does not serve.
 * @throws AwsError `InvalidRange` (416) when the range lies outside of the object.
 * @see https://www.rfc-editor.org/rfc/rfc9110#name-range-requests
 */
export function parseRange(header: string | undefined, size: number): ByteRange | undefined {
  const match = /^\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*$/i.exec(header ?? '');
  const [, first = '', last = ''] = match ?? [];
  if (first === '' && last === '') return undefined;
  const outside = new AwsError('InvalidRange', 'The requested range is not satisfiable', 416, {
    RangeRequested: header,
    ActualObjectSize: size,
  });
  if (first === '') {
    if (Number(last) === 0 || size === 0) throw outside;
    return { start: Math.max(0, size - Number(last)), end: size };
  }
  if (last !== '' && Number(last) < Number(first)) return undefined;
  if (Number(first) >= size) throw outside;
  return { start: Number(first), end: last === '' ? size : Math.min(size, Number(last) + 1) };
}

/**
 * The bytes of `x-amz-copy-source-range`, which must name both ends and lie within the source.
 * @throws AwsError `InvalidArgument`.
 */
export function parseCopyRange(header: string, size: number): ByteRange {
  const name = 'x-amz-copy-source-range';
  const match = /^bytes=(\d+)-(\d+)$/.exec(header);
  const start = Number(match?.[1]);
  const last = Number(match?.[2]);
  if (!match || last < start) {
    const form =
      'The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy';
    throw invalidArgument(form, name, header);
  }
  if (last >= size) {
    throw invalidArgument(`Range specified is not valid for source object of size: ${size}`, name, header);
  }
  return { start, end: last + 1 };
}
