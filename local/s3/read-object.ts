import { pipeline } from 'node:stream/promises';
import { AwsError } from '../gateway/aws-error.js';
import type { ByteRange } from './byte-range.js';
import { parseRange } from './byte-range.js';
import { checkRead } from './conditions.js';
import { invalidArgument, invalidRequest } from './errors.js';
import { isArchived } from './names.js';
import { checksumHeaders, objectHeaders } from './object-attributes.js';
import type { StoredObject } from './records.js';
import { quoted } from './s3-call.js';
import type { S3Call } from './s3-call.js';
import { asHeader } from './s3-request.js';
import type { S3Request } from './s3-request.js';

/** Headers of an answer that the caller may choose, by the names of the query parameters. */
const overrides = {
  'response-cache-control': 'Cache-Control',
  'response-content-disposition': 'Content-Disposition',
  'response-content-encoding': 'Content-Encoding',
  'response-content-language': 'Content-Language',
  'response-content-type': 'Content-Type',
  'response-expires': 'Expires',
} as const;

/**
 * Refuses versions: no bucket has them, and `null` names what there is.
 * @throws AwsError `InvalidArgument`.
 */
export function checkVersion(versionId: string | undefined | null): void {
  if (versionId !== undefined && versionId !== null && versionId !== 'null') {
    throw invalidArgument('Invalid version id specified', 'versionId', versionId);
  }
}

/** What a read is to send: all of the object, or a part of it. */
interface Selection {
  readonly status: 200 | 206;
  readonly range: ByteRange;
  /** Further headers of the answer. */
  readonly headers: Readonly<Record<string, string | number>>;
}

function selectPart(object: StoredObject, text: string): Selection {
  const parts = object.parts ?? [{ number: 1, size: object.size }];
  const number = Number(text);
  if (!/^\d+$/.test(text) || number < 1 || number > 10_000) {
    throw invalidArgument('Part number must be an integer between 1 and 10000, inclusive', 'partNumber', text);
  }
  if (number > parts.length) {
    throw new AwsError('InvalidPartNumber', 'The requested partnumber is not satisfiable', 416, {
      PartNumberRequested: number,
      ActualPartCount: parts.length,
    });
  }
  const start = parts.slice(0, number - 1).reduce((sum, part) => sum + part.size, 0);
  const range = { start, end: start + (parts[number - 1]?.size ?? 0) };
  const headers = object.parts ? { 'x-amz-mp-parts-count': parts.length } : undefined;
  if (object.size === 0) return { status: 200, range, headers: { ...headers } };
  return { status: 206, range, headers: { ...headers, 'Content-Range': contentRange(range, object.size) } };
}

const contentRange = ({ start, end }: ByteRange, size: number): string => `bytes ${start}-${end - 1}/${size}`;

function select(call: S3Call, object: StoredObject): Selection {
  const { request } = call;
  const partNumber = request.query.get('partNumber');
  const header = request.header('range');
  if (partNumber !== null && header !== undefined) {
    throw invalidRequest('Cannot specify both Range header and partNumber query parameter');
  }
  if (partNumber !== null) return selectPart(object, partNumber);
  const range = parseRange(header, object.size);
  if (range) {
    return { status: 206, range, headers: { 'Content-Range': contentRange(range, object.size) } };
  }
  const withChecksum = request.header('x-amz-checksum-mode')?.toUpperCase() === 'ENABLED';
  return {
    status: 200,
    range: { start: 0, end: object.size },
    headers: withChecksum ? checksumHeaders(object) : {},
  };
}

function overrideHeaders(request: S3Request): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [parameter, name] of Object.entries(overrides)) {
    const value = request.query.get(parameter);
    if (value !== null) headers[name] = asHeader(value);
  }
  return headers;
}

/** Answers the head of a read. Undefined when that is the whole answer. */
function answerHead(call: S3Call, object: StoredObject): Selection | undefined {
  const { request } = call;
  const conditions = {
    ifMatch: request.header('if-match'),
    ifNoneMatch: request.header('if-none-match'),
    ifModifiedSince: request.header('if-modified-since'),
    ifUnmodifiedSince: request.header('if-unmodified-since'),
  };
  if (checkRead(conditions, object) === 'not-modified') {
    call.empty(304, { ETag: quoted(object.etag), 'Last-Modified': new Date(object.lastModified).toUTCString() });
    return undefined;
  }
  const selection = select(call, object);
  call.setHeaders({ ...objectHeaders(object), ...overrideHeaders(request), ...selection.headers });
  call.response.writeHead(selection.status, { 'Content-Length': selection.range.end - selection.range.start });
  return selection;
}

/** HeadObject. */
export async function headObject(call: S3Call): Promise<void> {
  const bucket = await call.bucket();
  checkVersion(call.request.query.get('versionId'));
  answerHead(call, await call.storage.requireObject(bucket, call.key));
  call.response.end();
}

/** GetObject, streamed; the bytes sent are those of one version, whatever happens to the key meanwhile. */
export async function getObject(call: S3Call): Promise<void> {
  const bucket = await call.bucket();
  checkVersion(call.request.query.get('versionId'));
  const { object, file } = await call.storage.openObject(bucket, call.key);
  try {
    if (isArchived(object.storageClass)) {
      throw new AwsError('InvalidObjectState', "The operation is not valid for the object's storage class", 403, {
        StorageClass: object.storageClass,
      });
    }
    const range = answerHead(call, object)?.range;
    if (range === undefined) return;
    if (range.start === range.end) return void call.response.end();
    const bytes = file.createReadStream({
      start: range.start,
      end: range.end - 1,
      highWaterMark: 262_144,
      autoClose: false,
    });
    await pipeline(bytes, call.response);
  } finally {
    await file.close();
  }
}
