import { AwsError } from '../gateway/aws-error.js';
import { buildXml } from '../gateway/xml.js';
import type { XmlContent } from '../gateway/xml.js';
import { checkLifecycle } from './lifecycle.js';
import { malformedXml, notImplemented } from './errors.js';
import { ownerOf } from './list-objects.js';
import { configurationKey } from './object-index.js';
import { s3Namespace } from './s3-call.js';
import type { S3Call } from './s3-call.js';
import { parseTagging } from './tags.js';
import { parseXmlBody } from './xml-body.js';
import type { XmlElement } from './xml-body.js';

/** A document of a bucket that is kept as it was put and has no effect locally. */
interface Subresource {
  /** Root element; undefined for JSON. */
  readonly root?: string;
  /** @throws AwsError when the document is not valid. */
  readonly check?: (document: XmlElement) => void;
  /** What an untouched bucket answers: a document, or the code and text of a 404. */
  readonly absent:
    | { readonly content: { [name: string]: XmlContent } }
    | { readonly code: string; readonly message: string };
  /** Status of a successful put; 200 when not given. */
  readonly putStatus?: number;
}

const absent = (code: string, message: string): Subresource['absent'] => ({ code, message });

/** By the name of the query parameter, which is also the end of the operation's name. */
const subresources = {
  lifecycle: {
    root: 'LifecycleConfiguration',
    check: checkLifecycle,
    absent: absent('NoSuchLifecycleConfiguration', 'The lifecycle configuration does not exist'),
  },
  tagging: {
    root: 'Tagging',
    check: (document) => void parseTagging(document, 50),
    absent: absent('NoSuchTagSet', 'The TagSet does not exist'),
    putStatus: 204,
  },
  encryption: {
    root: 'ServerSideEncryptionConfiguration',
    absent: {
      content: {
        Rule: { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' }, BucketKeyEnabled: false },
      },
    },
  },
  publicAccessBlock: {
    root: 'PublicAccessBlockConfiguration',
    absent: {
      content: { BlockPublicAcls: true, IgnorePublicAcls: true, BlockPublicPolicy: true, RestrictPublicBuckets: true },
    },
  },
  ownershipControls: {
    root: 'OwnershipControls',
    absent: { content: { Rule: { ObjectOwnership: 'BucketOwnerEnforced' } } },
  },
  policy: { absent: absent('NoSuchBucketPolicy', 'The bucket policy does not exist'), putStatus: 204 },
  cors: {
    root: 'CORSConfiguration',
    absent: absent('NoSuchCORSConfiguration', 'The CORS configuration does not exist'),
  },
  notification: { root: 'NotificationConfiguration', absent: { content: {} } },
  logging: { root: 'BucketLoggingStatus', absent: { content: {} } },
} as const satisfies Record<string, Subresource>;

export type SubresourceName = keyof typeof subresources;

export const subresourceNames = Object.keys(subresources) as SubresourceName[];

/** Get of a subresource. */
export async function getConfiguration(call: S3Call, name: SubresourceName): Promise<void> {
  const bucket = await call.bucket();
  const subresource: Subresource = subresources[name];
  const stored = await call.storage.index.configuration(bucket, name);
  const contentType = subresource.root === undefined ? 'application/json' : 'application/xml';
  if (stored !== undefined) return call.text(200, stored, { 'Content-Type': contentType });
  if ('code' in subresource.absent) {
    throw new AwsError(subresource.absent.code, subresource.absent.message, 404, { BucketName: bucket });
  }
  const document = buildXml(subresource.root ?? '', subresource.absent.content, s3Namespace);
  call.text(200, document, { 'Content-Type': contentType });
}

/** Put of a subresource. */
export async function putConfiguration(call: S3Call, name: SubresourceName): Promise<void> {
  const bucket = await call.bucket();
  const subresource: Subresource = subresources[name];
  const value = await call.textBody();
  if (subresource.root === undefined) checkJson(value);
  else subresource.check?.(parseXmlBody(value, subresource.root));
  await call.storage.change(async () => {
    await call.storage.index.requireBucket(bucket);
    return { changes: [{ type: 'put', key: configurationKey(bucket, name), value }] };
  });
  call.empty(subresource.putStatus ?? 200);
}

/** Delete of a subresource; deleting what is not there is a success. */
export async function deleteConfiguration(call: S3Call, name: SubresourceName): Promise<void> {
  const bucket = await call.bucket();
  await call.storage.change(() => Promise.resolve({ changes: [{ type: 'del', key: configurationKey(bucket, name) }] }));
  call.empty(204);
}

function checkJson(text: string): void {
  try {
    JSON.parse(text);
  } catch {
    throw new AwsError('MalformedPolicy', "Policies must be valid JSON and the first byte must be '{'");
  }
}

/** GetBucketVersioning: no bucket has ever had versions. */
export async function getBucketVersioning(call: S3Call): Promise<void> {
  await call.bucket();
  call.xml('VersioningConfiguration', {});
}

/** PutBucketVersioning. @throws AwsError `NotImplemented` when versions are asked for. */
export async function putBucketVersioning(call: S3Call): Promise<void> {
  await call.bucket();
  const status = (await call.xmlBody('VersioningConfiguration')).textOf('Status');
  if (status === 'Enabled') throw notImplemented('bucket versioning');
  if (status !== 'Suspended') throw malformedXml();
  call.empty(200);
}

/** GetBucketAcl and GetObjectAcl: the owner may do everything. */
export async function getAcl(call: S3Call): Promise<void> {
  const bucket = await call.bucket();
  if (call.request.key !== undefined) await call.storage.requireObject(bucket, call.key);
  const owner = ownerOf(call.context.account);
  const grantee = { '@xmlns:xsi': 'http://www.w3.org/2001/XMLSchema-instance', '@xsi:type': 'CanonicalUser', ...owner };
  call.xml('AccessControlPolicy', {
    Owner: owner,
    AccessControlList: { Grant: { Grantee: grantee, Permission: 'FULL_CONTROL' } },
  });
}
