import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { HeadBucketCommand, HeadObjectCommand, PutObjectCommand, S3ServiceException } from '@aws-sdk/client-s3';
import type { S3Client } from '@aws-sdk/client-s3';
import { zipSync } from 'fflate';
import { projectFolder } from '../project-files.js';

/** The scripts that Glue's jobs run, by what they do. */
export const jobScripts = { lake: 'raw_to_datalake.py', land: 'land.py' } as const;

/** The Python package that the scripts import, as Glue takes it in `--extra-py-files`. */
export const packageZip = 'sluice_jobs.zip';

/** Scripts and package of one version of the jobs. */
export interface JobRelease {
  /** The first 16 hexadecimal characters of the SHA-256 over names and contents of the files. */
  readonly id: string;
  readonly files: readonly { readonly name: string; readonly body: Uint8Array }[];
}

/** Where releases are kept: `s3://<bucket>/<prefix>/<release>/…`. */
export interface AssetsLocation {
  readonly bucket: string;
  readonly prefix: string;
}

/** Times in a zip, local ones: the oldest that the format has, so that equal files make equal zips everywhere. */
const zipTime = new Date(1980, 0, 1);

async function pythonFiles(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true });
  return names.filter((name) => name.endsWith('.py')).sort();
}

/**
 * Reads the jobs' scripts and zips their package; equal files give equal bytes.
 * @param folder the checkout's or the package's `glue`
 * @throws Error when a file cannot be read
 */
export async function jobRelease(folder = join(projectFolder, 'glue')): Promise<JobRelease> {
  const module = join(folder, packageZip.replace('.zip', ''));
  const members = await Promise.all(
    (await pythonFiles(module)).map(async (name) => {
      const path = relative(folder, join(module, name)).split(sep).join('/');
      return [path, new Uint8Array(await readFile(join(module, name)))] as const;
    })
  );
  const scripts = Object.values(jobScripts).map(async (name) => ({
    name,
    body: new Uint8Array(await readFile(join(folder, name))),
  }));
  const zip = zipSync(Object.fromEntries(members), { mtime: zipTime, os: 3 });
  const files = [...(await Promise.all(scripts)), { name: packageZip, body: zip }];
  const hash = createHash('sha256');
  // The zip's members rather than its bytes, so that another version of zlib does not make another release.
  for (const { name, body } of files.slice(0, -1)) hash.update(`${name}\0${body.length}\0`).update(body);
  for (const [name, body] of members) hash.update(`${name}\0${body.length}\0`).update(body);
  return { id: hash.digest('hex').slice(0, 16), files };
}

/** Key of a file of a release. No run is changed under its feet: another content has another key. */
export function releaseKey({ prefix }: AssetsLocation, { id }: JobRelease, name: string): string {
  return [...(prefix === '' ? [] : [prefix]), id, name].join('/');
}

const isNotFound = (error: unknown): boolean =>
  error instanceof S3ServiceException && error.$metadata.httpStatusCode === 404;

/** Whether the bucket of a location exists. */
export async function hasBucket(s3: S3Client, { bucket }: AssetsLocation): Promise<boolean> {
  try {
    await s3.send(new HeadBucketCommand({ Bucket: bucket }));
    return true;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}

async function isThere(s3: S3Client, Bucket: string, Key: string, length: number): Promise<boolean> {
  try {
    const { ContentLength } = await s3.send(new HeadObjectCommand({ Bucket, Key }));
    return ContentLength === length;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}

/** The files of a release that S3 does not have yet. */
export async function missingFiles(
  s3: S3Client,
  location: AssetsLocation,
  release: JobRelease
): Promise<JobRelease['files']> {
  const found = await Promise.all(
    release.files.map(({ name, body }) =>
      isThere(s3, location.bucket, releaseKey(location, release, name), body.length)
    )
  );
  return release.files.filter((_file, index) => found[index] !== true);
}

/** Puts files of a release in their place. */
export async function uploadFiles(
  s3: S3Client,
  location: AssetsLocation,
  release: JobRelease,
  files: JobRelease['files']
): Promise<void> {
  for (const { name, body } of files) {
    const ContentType = name.endsWith('.zip') ? 'application/zip' : 'text/x-python';
    const Key = releaseKey(location, release, name);
    await s3.send(new PutObjectCommand({ Bucket: location.bucket, Key, Body: body, ContentType }));
  }
}
