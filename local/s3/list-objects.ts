import type { XmlContent } from '../gateway/xml.js';
import { countOf, decodeToken, encodeToken, encodingOf } from './list-parameters.js';
import type { NameEncoding } from './list-parameters.js';
import { listPage } from './listing.js';
import type { ListingPage, ListingQuery } from './listing.js';
import type { StoredObject } from './records.js';
import { isoTime, quoted } from './s3-call.js';
import type { S3Call } from './s3-call.js';

/** The one owner of everything, as XML. */
export const ownerOf = (account: string): { [name: string]: XmlContent } => ({
  ID: account.padStart(64, '0'),
  DisplayName: 'local',
});

function objectContent(object: StoredObject, encoding: NameEncoding, owner: XmlContent): XmlContent {
  return {
    Key: encoding.encode(object.key),
    LastModified: isoTime(object.lastModified),
    ETag: quoted(object.etag),
    ChecksumAlgorithm: object.checksum.algorithm,
    ChecksumType: object.checksum.type,
    Size: object.size,
    Owner: owner,
    StorageClass: object.storageClass,
  };
}

function pageContent(page: ListingPage, encoding: NameEncoding, owner: XmlContent): { [name: string]: XmlContent } {
  const contents: XmlContent[] = [];
  const prefixes: XmlContent[] = [];
  for (const entry of page.entries) {
    if (entry.kind === 'object') contents.push(objectContent(entry.object, encoding, owner));
    else prefixes.push({ Prefix: encoding.encode(entry.prefix) });
  }
  return { Contents: contents, CommonPrefixes: prefixes };
}

function list(call: S3Call, bucket: string, query: ListingQuery): Promise<ListingPage> {
  return listPage((prefix, from) => call.storage.index.objects(bucket, prefix, from), query);
}

/** What both versions of the operation take. */
async function readListing(call: S3Call) {
  const { query } = call.request;
  return {
    bucket: await call.bucket(),
    query,
    encoding: encodingOf(call.request),
    prefix: query.get('prefix') ?? '',
    delimiter: query.get('delimiter') ?? '',
    limit: countOf(call.request, 'max-keys'),
  };
}

/** ListObjectsV2. */
export async function listObjectsV2(call: S3Call): Promise<void> {
  const { bucket, query, encoding, prefix, delimiter, limit } = await readListing(call);
  const token = query.get('continuation-token');
  const startAfter = query.get('start-after');
  const page = await list(call, bucket, {
    prefix,
    delimiter,
    limit,
    ...(token === null ? { after: startAfter ?? undefined } : { from: decodeToken(token) }),
  });
  const owner = query.get('fetch-owner') === 'true' ? ownerOf(call.context.account) : undefined;
  call.xml('ListBucketResult', {
    Name: bucket,
    Prefix: encoding.encode(prefix),
    Delimiter: delimiter === '' ? undefined : encoding.encode(delimiter),
    EncodingType: encoding.type,
    StartAfter: startAfter === null ? undefined : encoding.encode(startAfter),
    ContinuationToken: token ?? undefined,
    NextContinuationToken: page.next === undefined ? undefined : encodeToken(page.next),
    KeyCount: page.entries.length,
    MaxKeys: limit,
    IsTruncated: page.next !== undefined,
    ...pageContent(page, encoding, owner),
  });
}

/** ListObjects, the first version, which the AWS CLI and others still use. */
export async function listObjects(call: S3Call): Promise<void> {
  const { bucket, query, encoding, prefix, delimiter, limit } = await readListing(call);
  const marker = query.get('marker') ?? '';
  const page = await list(call, bucket, {
    prefix,
    delimiter,
    limit,
    skipPrefixOfAfter: true,
    ...(marker !== '' && { after: marker }),
  });
  const last = page.entries.at(-1);
  const lastName = last?.kind === 'object' ? last.object.key : last?.prefix;
  // Without a delimiter callers go on after the last key; S3 names it only when it may be a common prefix.
  const nextMarker = page.next !== undefined && delimiter !== '' ? lastName : undefined;
  call.xml('ListBucketResult', {
    Name: bucket,
    Prefix: encoding.encode(prefix),
    Marker: encoding.encode(marker),
    NextMarker: nextMarker === undefined ? undefined : encoding.encode(nextMarker),
    Delimiter: delimiter === '' ? undefined : encoding.encode(delimiter),
    EncodingType: encoding.type,
    MaxKeys: limit,
    IsTruncated: page.next !== undefined,
    ...pageContent(page, encoding, ownerOf(call.context.account)),
  });
}
