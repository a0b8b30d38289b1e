import { JobFailure } from './job-script.js';

/** Bucket and key (or prefix) of an `s3://` URI. */
export interface S3Location {
  readonly bucket: string;
  readonly key: string;
}

/** @throws JobFailure when `uri` is not of the form `s3://bucket/key`. */
export function parseS3Uri(uri: string, argument: string): S3Location {
  const match = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\/(.+)$/su.exec(uri);
  if (match?.[1] === undefined || match[2] === undefined)
    throw new JobFailure(`Argument ${argument} is not an S3 URI of the form s3://bucket/key`);
  return { bucket: match[1], key: match[2] };
}

/** A table's folder: a URI whose key ends with `/`, so that a job can never clear a whole bucket or a neighbour. */
export function parseS3Folder(uri: string, argument: string): S3Location {
  const location = parseS3Uri(uri, argument);
  if (!location.key.endsWith('/') || location.key.startsWith('/')) {
    throw new JobFailure(`Argument ${argument} must name a folder: s3://bucket/<table>/`);
  }
  return location;
}
