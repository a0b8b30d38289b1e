import { AwsError } from '../gateway/aws-error.js';
import {
  deleteConfiguration,
  getAcl,
  getBucketVersioning,
  getConfiguration,
  putBucketVersioning,
  putConfiguration,
  subresourceNames,
} from './bucket-configuration.js';
import { createBucket, deleteBucket, getBucketLocation, headBucket, listBuckets } from './buckets.js';
import { copyObject } from './copy-object.js';
import { notImplemented } from './errors.js';
import { getObjectAttributes } from './get-object-attributes.js';
import { listObjects, listObjectsV2 } from './list-objects.js';
import { listMultipartUploads, listParts } from './list-uploads.js';
import {
  abortMultipartUpload,
  completeMultipartUpload,
  createMultipartUpload,
  uploadPart,
  uploadPartCopy,
} from './multipart-upload.js';
import { deleteObjectTagging, getObjectTagging, putObjectTagging } from './object-tagging.js';
import { getObject, headObject } from './read-object.js';
import type { S3Call } from './s3-call.js';
import type { S3Request } from './s3-request.js';
import { deleteObject, deleteObjects, putObject } from './write-object.js';

/** An operation of S3 by the name its API gives it. */
export interface Operation {
  readonly name: string;
  readonly handle: (call: S3Call) => Promise<void>;
}

const operation = (name: string, handle: Operation['handle']): Operation => ({ name, handle });

/** Query parameters that choose an operation, and are not implemented unless they stand in the tables below. */
const selectors = new Set([
  ...['accelerate', 'acl', 'analytics', 'attributes', 'cors', 'delete', 'encryption', 'intelligent-tiering'],
  ...['inventory', 'legal-hold', 'lifecycle', 'list-type', 'location', 'logging', 'metadataTable', 'metrics'],
  ...['notification', 'object-lock', 'ownershipControls', 'partNumber', 'policy', 'policyStatus'],
  ...['publicAccessBlock', 'renameObject', 'replication', 'requestPayment', 'restore', 'retention', 'select'],
  ...['session', 'tagging', 'torrent', 'uploadId', 'uploads', 'versioning', 'versions', 'website'],
]);

/** By method and selecting parameters, in the order of their names. */
const bucketOperations: Readonly<Record<string, Operation>> = {
  'PUT ': operation('CreateBucket', createBucket),
  'HEAD ': operation('HeadBucket', headBucket),
  'DELETE ': operation('DeleteBucket', deleteBucket),
  'GET ': operation('ListObjects', listObjects),
  'GET list-type': operation('ListObjectsV2', listObjectsV2),
  'GET location': operation('GetBucketLocation', getBucketLocation),
  'GET uploads': operation('ListMultipartUploads', listMultipartUploads),
  'POST delete': operation('DeleteObjects', deleteObjects),
  'GET versioning': operation('GetBucketVersioning', getBucketVersioning),
  'PUT versioning': operation('PutBucketVersioning', putBucketVersioning),
  'GET acl': operation('GetBucketAcl', getAcl),
  ...Object.fromEntries(
    subresourceNames.flatMap((name) => {
      const title = subresourceTitle(name);
      return [
        [`GET ${name}`, operation(`Get${title}`, (call) => getConfiguration(call, name))],
        [`PUT ${name}`, operation(`Put${title}`, (call) => putConfiguration(call, name))],
        [`DELETE ${name}`, operation(`Delete${title}`, (call) => deleteConfiguration(call, name))],
      ];
    })
  ),
};

const objectOperations: Readonly<Record<string, Operation>> = {
  'PUT ': operation('PutObject', putObject),
  'PUT copy': operation('CopyObject', copyObject),
  'GET ': operation('GetObject', getObject),
  'HEAD ': operation('HeadObject', headObject),
  'DELETE ': operation('DeleteObject', deleteObject),
  'GET partNumber': operation('GetObject', getObject),
  'HEAD partNumber': operation('HeadObject', headObject),
  'GET attributes': operation('GetObjectAttributes', getObjectAttributes),
  'GET tagging': operation('GetObjectTagging', getObjectTagging),
  'PUT tagging': operation('PutObjectTagging', putObjectTagging),
  'DELETE tagging': operation('DeleteObjectTagging', deleteObjectTagging),
  'GET acl': operation('GetObjectAcl', getAcl),
  'POST uploads': operation('CreateMultipartUpload', createMultipartUpload),
  'PUT partNumber,uploadId': operation('UploadPart', uploadPart),
  'PUT partNumber,uploadId copy': operation('UploadPartCopy', uploadPartCopy),
  'POST uploadId': operation('CompleteMultipartUpload', completeMultipartUpload),
  'DELETE uploadId': operation('AbortMultipartUpload', abortMultipartUpload),
  'GET uploadId': operation('ListParts', listParts),
};

/** `lifecycle` → `BucketLifecycleConfiguration`: the API does not name all of these alike. */
function subresourceTitle(name: (typeof subresourceNames)[number]): string {
  const titles: Partial<Record<typeof name, string>> = {
    lifecycle: 'BucketLifecycleConfiguration',
    notification: 'BucketNotificationConfiguration',
    publicAccessBlock: 'PublicAccessBlock',
  };
  return titles[name] ?? `Bucket${name.charAt(0).toUpperCase()}${name.slice(1)}`;
}

/**
 * The operation a request is for.
 * @throws AwsError `NotImplemented`, `MethodNotAllowed`.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html
 */
export function operationOf(request: S3Request): Operation {
  const { method, query } = request;
  if (request.bucket === undefined) {
    if (method === 'GET') return operation('ListBuckets', listBuckets);
    throw methodNotAllowed(method);
  }
  const chosen = [...new Set(query.keys())]
    .filter((name) => selectors.has(name))
    .sort()
    .join(',');
  const isCopy = method === 'PUT' && request.key !== undefined && request.header('x-amz-copy-source') !== undefined;
  const table = request.key === undefined ? bucketOperations : objectOperations;
  const id = `${method} ${chosen}${isCopy ? `${chosen && ' '}copy` : ''}`;
  const found = Object.hasOwn(table, id) ? table[id] : undefined;
  if (found !== undefined) return found;
  throw chosen === '' ? methodNotAllowed(method) : notImplemented(chosen);
}

function methodNotAllowed(method: string): AwsError {
  return new AwsError('MethodNotAllowed', 'The specified method is not allowed against this resource.', 405, {
    Method: method,
  });
}
