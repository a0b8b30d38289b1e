import { AwsError } from '../gateway/aws-error.js';
import type { XmlContent } from '../gateway/xml.js';
import { checksumElement } from './checksums.js';
import { countOf } from './list-parameters.js';
import { checkVersion } from './read-object.js';
import type { StoredObject } from './records.js';
import type { S3Call } from './s3-call.js';

const attributeNames = ['ETag', 'Checksum', 'ObjectParts', 'StorageClass', 'ObjectSize'];

/** Names of the attributes that `x-amz-object-attributes` asks for. @throws AwsError `InvalidArgument`. */
function requestedAttributes(header: string | undefined): ReadonlySet<string> {
  const names = (header ?? '').split(',').map((name) => name.trim());
  if (names.every((name) => attributeNames.includes(name))) return new Set(names);
  throw new AwsError('InvalidArgument', 'Invalid attribute name specified.', 400, {
    ArgumentName: 'x-amz-object-attributes',
    ArgumentValue: header ?? '',
  });
}

function partsContent(call: S3Call, object: StoredObject): XmlContent {
  if (object.parts === undefined) return undefined;
  const { headers } = call.request.raw;
  const marker = Number(headers['x-amz-part-number-marker'] ?? 0);
  const limit = Number(headers['x-amz-max-parts'] ?? countOf(call.request, 'max-parts'));
  const parts = object.parts.filter(({ number }) => number > marker);
  const page = parts.slice(0, limit);
  return {
    PartsCount: object.parts.length,
    PartNumberMarker: marker,
    NextPartNumberMarker: page.at(-1)?.number ?? marker,
    MaxParts: limit,
    IsTruncated: parts.length > page.length,
    // S3 lists the parts only of objects whose parts have checksums.
    Part: page.map(
      ({ number, size, checksum }) =>
        checksum && { PartNumber: number, Size: size, [checksumElement(checksum.algorithm)]: checksum.value }
    ),
  };
}

/** GetObjectAttributes. */
export async function getObjectAttributes(call: S3Call): Promise<void> {
  const bucket = await call.bucket();
  checkVersion(call.request.query.get('versionId'));
  const asked = requestedAttributes(call.request.header('x-amz-object-attributes'));
  const object = await call.storage.requireObject(bucket, call.key);
  const { algorithm, type, value } = object.checksum;
  call.xml(
    'GetObjectAttributesResponse',
    {
      ETag: asked.has('ETag') ? object.etag : undefined,
      Checksum: asked.has('Checksum')
        ? { [checksumElement(algorithm)]: value.replace(/-\d+$/, ''), ChecksumType: type }
        : undefined,
      ObjectParts: asked.has('ObjectParts') ? partsContent(call, object) : undefined,
      StorageClass: asked.has('StorageClass') ? object.storageClass : undefined,
      ObjectSize: asked.has('ObjectSize') ? object.size : undefined,
    },
    { 'Last-Modified': new Date(object.lastModified).toUTCString() }
  );
}
