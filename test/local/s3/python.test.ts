import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pythonVenv } from '../../python-venv.js';
import { startLocalS3 } from './local-s3.js';
import type { LocalS3 } from './local-s3.js';

const run = promisify(execFile);
const bin = await pythonVenv(['boto3', 'awscli']);
if (bin === undefined) process.stderr.write('Skipped: the tests with boto3 and the AWS CLI.\n');

describe.skipIf(bin === undefined)('the clients in Python', () => {
  let s3: LocalS3;
  let env: NodeJS.ProcessEnv;
  let work: string;

  beforeAll(async () => {
    s3 = await startLocalS3();
    work = join(s3.folder, 'work');
    await mkdir(work);
    env = {
      PATH: process.env['PATH'],
      HOME: work,
      AWS_ENDPOINT_URL: s3.url,
      AWS_REGION: 'us-east-1',
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      NO_PROXY: '*',
    };
  });
  afterAll(() => s3.close());

  const aws = async (...args: string[]): Promise<string> =>
    (await run(join(bin ?? '', 'aws'), args, { env, cwd: work })).stdout;

  async function python(script: string): Promise<unknown> {
    const preamble = 'import boto3, json, sys, urllib.request\ns3 = boto3.client("s3")\n';
    const { stdout } = await run(join(bin ?? '', 'python'), ['-c', preamble + script], { env, cwd: work });
    return JSON.parse(stdout);
  }

  it('AWS CLI: sts, mb, cp, ls, sync, mv, rm, rb', async () => {
    expect(JSON.parse(await aws('sts', 'get-caller-identity'))).toMatchObject({ Account: '000000000000' });
    await aws('s3', 'mb', 's3://cli-bucket');
    const large = Buffer.alloc(20 * 1024 ** 2, 'large'); // above the CLI's threshold for uploads in parts
    await writeFile(join(work, 'large file.bin'), large);
    await writeFile(join(work, 'small.txt'), 'small');
    await aws('s3', 'cp', 'large file.bin', 's3://cli-bucket/a/large file.bin');
    await aws('s3', 'cp', 'small.txt', 's3://cli-bucket/a/ü+%.txt', '--storage-class', 'STANDARD_IA');
    const listing = await aws('s3', 'ls', 's3://cli-bucket/', '--recursive');
    expect(listing).toMatch(/20971520 a\/large file\.bin/);
    expect(listing).toMatch(/5 a\/ü\+%\.txt/);
    expect(await aws('s3', 'ls', 's3://cli-bucket/')).toContain('PRE a/');
    await aws('s3', 'cp', 's3://cli-bucket/a/large file.bin', 'back.bin');
    expect(Buffer.compare(await readFile(join(work, 'back.bin')), large)).toBe(0);
    await aws('s3', 'cp', 's3://cli-bucket/a/large file.bin', 's3://cli-bucket/b/copy.bin');
    await aws('s3', 'sync', 's3://cli-bucket/a/', 'synced');
    expect(await readFile(join(work, 'synced', 'ü+%.txt'), 'utf8')).toBe('small');
    expect(await aws('s3', 'sync', 's3://cli-bucket/a/', 'synced')).toBe(''); // nothing has changed
    await aws('s3', 'mv', 's3://cli-bucket/b/copy.bin', 's3://cli-bucket/b/moved.bin');
    expect((await s3.store.headObject('cli-bucket', 'b/moved.bin'))?.size).toBe(large.length);
    expect(await s3.store.headObject('cli-bucket', 'b/copy.bin')).toBeUndefined();
    const listed = JSON.parse(
      await aws('s3api', 'list-objects-v2', '--bucket', 'cli-bucket', '--delimiter', '/')
    ) as object;
    expect(listed).toMatchObject({ CommonPrefixes: [{ Prefix: 'a/' }, { Prefix: 'b/' }] });
    await aws('s3', 'rm', 's3://cli-bucket', '--recursive');
    await aws('s3', 'rb', 's3://cli-bucket');
    await expect(aws('s3', 'ls', 's3://cli-bucket')).rejects.toThrow('NoSuchBucket');
  }, 300_000); // each command is a start of Python

  it('boto3: objects, metadata, listings and deletions', async () => {
    const result = await python(`
s3.create_bucket(Bucket="boto")
for i in range(25):
    s3.put_object(Bucket="boto", Key=f"dir {i % 3}/ü+&{i}", Body=b"x" * i, Metadata={"i": str(i)})
pages = s3.get_paginator("list_objects_v2").paginate(Bucket="boto", PaginationConfig={"PageSize": 4})
keys = [o["Key"] for p in pages for o in p["Contents"]]
v1 = [o["Key"] for p in s3.get_paginator("list_objects").paginate(Bucket="boto", PaginationConfig={"PageSize": 4}) for o in p["Contents"]]
prefixes = [p["Prefix"] for p in s3.list_objects_v2(Bucket="boto", Delimiter="/")["CommonPrefixes"]]
got = s3.get_object(Bucket="boto", Key="dir 1/ü+&4")
missing = None
try:
    s3.get_object(Bucket="boto", Key="missing")
except s3.exceptions.NoSuchKey as error:
    missing = error.response["Error"]
deleted = s3.delete_objects(Bucket="boto", Delete={"Objects": [{"Key": k} for k in keys]})
left = s3.list_objects_v2(Bucket="boto")["KeyCount"]
json.dump({"keys": keys, "v1": v1, "prefixes": prefixes, "body": got["Body"].read().decode(), "metadata": got["Metadata"],
  "missing": missing["Code"], "deleted": len(deleted["Deleted"]), "left": left}, sys.stdout)
`);
    const keys = Array.from({ length: 25 }, (_, index) => `dir ${index % 3}/ü+&${index}`);
    keys.sort((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
    expect(result).toEqual({
      keys,
      v1: keys,
      prefixes: ['dir 0/', 'dir 1/', 'dir 2/'],
      body: 'xxxx',
      metadata: { i: '4' },
      missing: 'NoSuchKey',
      deleted: 25,
      left: 0,
    });
  });

  it('boto3: every checksum it computes by itself, and uploads in parts', async () => {
    const bytes = Buffer.alloc(11 * 1024 ** 2, 'part');
    await writeFile(join(work, 'parts.bin'), bytes);
    const result = (await python(`
from boto3.s3.transfer import TransferConfig
s3.create_bucket(Bucket="sums")
sums = {}
for a in ["CRC32", "SHA1", "SHA256"]:
    put = s3.put_object(Bucket="sums", Key=a, Body=b"123456789", ChecksumAlgorithm=a)
    got = s3.get_object(Bucket="sums", Key=a, ChecksumMode="ENABLED")
    assert got["Body"].read() == b"123456789"
    sums[a] = [put["Checksum" + a], got["Checksum" + a]]
s3.upload_file("parts.bin", "sums", "parts", Config=TransferConfig(multipart_threshold=1, multipart_chunksize=5 << 20))
s3.download_file("sums", "parts", "parts.back")
head = s3.head_object(Bucket="sums", Key="parts", ChecksumMode="ENABLED")
s3.copy({"Bucket": "sums", "Key": "parts"}, "sums", "copied", Config=TransferConfig(multipart_threshold=1, multipart_chunksize=6 << 20))
copied = s3.head_object(Bucket="sums", Key="copied")
json.dump({"sums": sums, "etag": head["ETag"], "type": head.get("ChecksumType"), "copied": copied["ETag"]}, sys.stdout)
`)) as Record<string, unknown>;
    const md5 = (part: Buffer): Buffer => createHash('md5').update(part).digest();
    const etag = (size: number): string => {
      const parts = [];
      for (let start = 0; start < bytes.length; start += size) parts.push(md5(bytes.subarray(start, start + size)));
      return `"${md5(Buffer.concat(parts)).toString('hex')}-${parts.length}"`;
    };
    const sha256 = createHash('sha256').update('123456789').digest('base64');
    const sha1 = createHash('sha1').update('123456789').digest('base64');
    expect(result['sums']).toEqual({
      CRC32: ['y/Q5Jg==', 'y/Q5Jg=='],
      SHA1: [sha1, sha1],
      SHA256: [sha256, sha256],
    });
    expect([result['etag'], result['copied']]).toEqual([etag(5 * 1024 ** 2), etag(6 * 1024 ** 2)]);
    expect(Buffer.compare(await readFile(join(work, 'parts.back')), bytes)).toBe(0);
  });

  it('boto3: presigned URLs of both kinds of signature', async () => {
    const result = await python(`
from botocore.config import Config
s3.create_bucket(Bucket="signed")
answers = []
for version in ["s3", "s3v4"]:
    client = boto3.client("s3", config=Config(signature_version=version))
    url = client.generate_presigned_url("put_object", Params={"Bucket": "signed", "Key": version}, ExpiresIn=60)
    urllib.request.urlopen(urllib.request.Request(url, data=version.encode(), method="PUT", headers={"Content-Type": ""}))
    url = client.generate_presigned_url("get_object", Params={"Bucket": "signed", "Key": version}, ExpiresIn=60)
    answers.append(urllib.request.urlopen(url).read().decode())
json.dump(answers, sys.stdout)
`);
    expect(result).toEqual(['s3', 's3v4']);
  });
});
