import { AwsError } from '../gateway/aws-error.js';
import { malformedXml } from './errors.js';
import { ownerOf } from './list-objects.js';
import { countOf, decodeToken, encodeToken } from './list-parameters.js';
import { MultipartStore } from './multipart-store.js';
import { checkBucketName } from './names.js';
import { bucketKey } from './object-index.js';
import type { Change } from './object-index.js';
import type { BucketRecord } from './records.js';
import { isoTime } from './s3-call.js';
import type { S3Call } from './s3-call.js';
import { parseXmlBody } from './xml-body.js';

/** ListBuckets. */
export async function listBuckets(call: S3Call): Promise<void> {
  const { query } = call.request;
  const prefix = query.get('prefix') ?? '';
  const limit = countOf(call.request, 'max-buckets', 10_000);
  const token = query.get('continuation-token');
  const from = token === null ? '' : decodeToken(token);
  const buckets: BucketRecord[] = [];
  for await (const bucket of call.storage.index.buckets()) {
    if (bucket.name.startsWith(prefix) && bucket.name >= from) buckets.push(bucket);
  }
  const next = buckets[limit];
  call.xml('ListAllMyBucketsResult', {
    Owner: ownerOf(call.context.account),
    Buckets: {
      Bucket: buckets.slice(0, limit).map(({ name, created }) => ({ Name: name, CreationDate: isoTime(created) })),
    },
    ContinuationToken: next && encodeToken(next.name),
    Prefix: prefix === '' ? undefined : prefix,
  });
}

/** @throws AwsError when a Region is asked for that is not the local one. */
function checkLocation(constraint: string | undefined, region: string): void {
  if (constraint === undefined || constraint === '') return;
  if (constraint === 'us-east-1') {
    throw new AwsError('InvalidLocationConstraint', 'The specified location-constraint is not valid', 400, {
      LocationConstraint: constraint,
    });
  }
  if (constraint === region) return;
  throw new AwsError(
    'IllegalLocationConstraintException',
    `The ${constraint} location constraint is incompatible for the region specific endpoint this request was sent to.`
  );
}

/** CreateBucket. One's own bucket can be created again in us-east-1 alone. */
export async function createBucket(call: S3Call): Promise<void> {
  const name = call.request.bucket ?? '';
  const { region } = call.context;
  checkBucketName(name);
  const body = await call.textBody();
  const configuration = body === '' ? undefined : parseXmlBody(body, 'CreateBucketConfiguration');
  if (configuration && configuration.all('LocationConstraint').length > 1) throw malformedXml();
  checkLocation(configuration?.textOf('LocationConstraint'), region);
  await call.storage.change(async () => {
    const bucket = await call.storage.index.bucket(name);
    if (bucket === undefined) {
      return { changes: [{ type: 'put', key: bucketKey(name), value: { name, created: Date.now() } }] };
    }
    if (region === 'us-east-1') return { changes: [] };
    throw new AwsError(
      'BucketAlreadyOwnedByYou',
      'Your previous request to create the named bucket succeeded and you already own it.',
      409,
      { BucketName: name }
    );
  });
  call.empty(200, { Location: `/${name}` });
}

/** HeadBucket. */
export async function headBucket(call: S3Call): Promise<void> {
  await call.bucket();
  call.empty(200, { 'x-amz-bucket-region': call.context.region, 'x-amz-access-point-alias': 'false' });
}

/** GetBucketLocation; us-east-1 has no name there. */
export async function getBucketLocation(call: S3Call): Promise<void> {
  await call.bucket();
  const { region } = call.context;
  call.xml('LocationConstraint', region === 'us-east-1' ? {} : { '#text': region });
}

/** DeleteBucket. Uploads under way do not keep a bucket; objects do. */
export async function deleteBucket(call: S3Call): Promise<void> {
  const name = await call.bucket();
  const { index } = call.storage;
  await call.storage.change(async () => {
    const cursor = index.objects(name, '');
    const first = await cursor.next();
    await cursor.close();
    if (first !== undefined) {
      throw new AwsError('BucketNotEmpty', 'The bucket you tried to delete is not empty', 409, { BucketName: name });
    }
    const changes: Change[] = [{ type: 'del', key: bucketKey(name) }];
    for (const key of await index.configurationKeys(name)) changes.push({ type: 'del', key });
    const unused: string[] = [];
    const uploads = new MultipartStore(call.storage);
    for await (const upload of index.uploads(name)) {
      const removal = await uploads.removal(upload);
      changes.push(...removal.changes);
      unused.push(...removal.unused);
    }
    return { changes, unused };
  });
  call.empty(204);
}
