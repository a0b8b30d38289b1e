import { describe, expect, it } from 'vitest';
import { AwsError } from '../../../local/gateway/aws-error.js';
import { describeFailure, JobFailure } from '../../../local/glue/jobs/job-script.js';
import { parseS3Folder, parseS3Uri } from '../../../local/glue/jobs/s3-uri.js';

const withCode = (code: string): Error => Object.assign(new Error('value "Jane"'), { code });

describe('messages of failed runs', () => {
  it.each<[unknown, RegExp]>([
    [new JobFailure('as written'), /^as written$/],
    [new Error('Out of Memory Error: failed to allocate "Jane"'), /ran out of memory/],
    [new Error('IO Error: Could not write file "x": No space left on device'), /No space is left on the disk/],
    [new Error('Conversion Error: Could not convert "Jane" to INT32'), /\(Conversion Error\)/],
    [new Error('Invalid Input Error: Jane'), /\(Invalid Input Error\)/],
    [withCode('ENOSPC'), /No space is left on the disk/],
    [withCode('EACCES'), /failed with Error EACCES/],
    [new AwsError('NoSuchBucket', 'The specified bucket does not exist'), /^S3 answered NoSuchBucket: The specified/],
    [new Error('Jane'), /^The job failed with an unexpected Error$/],
    ['Jane', /unknown reason/],
  ])('tells %s by its kind', (error, message) => {
    expect(describeFailure(error)).toMatch(message);
    expect(describeFailure(error)).not.toContain('Jane');
  });

  it('takes S3 URIs apart and refuses what could clear a bucket', () => {
    expect(parseS3Uri('s3://lake/a b/ü?#.json', '--x')).toEqual({ bucket: 'lake', key: 'a b/ü?#.json' });
    expect(parseS3Folder('s3://lake/shop/', '--x')).toEqual({ bucket: 'lake', key: 'shop/' });
    for (const bad of [
      's3://lake',
      's3://lake/',
      'http://lake/x/',
      's3://LAKE/x/',
      '',
      's3:///x/',
      's3://lake/shop',
      's3://lake//',
    ]) {
      expect(() => parseS3Folder(bad, '--x'), bad).toThrow('--x');
    }
  });
});
