import { AwsError } from '../gateway/aws-error.js';
import type { XmlContent } from '../gateway/xml.js';
import { malformedXml } from './errors.js';
import type { Tag } from './records.js';
import type { XmlElement } from './xml-body.js';

const invalidTag = (message: string): AwsError => new AwsError('InvalidTag', message);

/**
 * Checks tags against the rules of S3.
 * @param limit 10 for an object, 50 for a bucket.
 * @throws AwsError `BadRequest`, `InvalidTag`.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html
 */
export function checkTags(tags: readonly Tag[], limit = 10): readonly Tag[] {
  if (tags.length > limit) {
    throw new AwsError(
      'BadRequest',
      limit === 10 ? 'Object tags cannot be greater than 10' : `Bucket tag count cannot be greater than ${limit}`
    );
  }
  const keys = new Set<string>();
  for (const { key, value } of tags) {
    if (keys.has(key)) throw invalidTag('Cannot provide multiple Tags with the same key');
    keys.add(key);
    if (!/^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$/u.test(key)) throw invalidTag('The TagKey you have provided is invalid');
    if (!/^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u.test(value)) {
      throw invalidTag('The TagValue you have provided is invalid');
    }
    if (key.toLowerCase().startsWith('aws:')) throw invalidTag('System tags cannot be added/updated by requester');
  }
  return tags;
}

/** Tags as in the header `x-amz-tagging`: a query string. */
export function parseTagHeader(header: string): readonly Tag[] {
  return checkTags([...new URLSearchParams(header)].map(([key, value]) => ({ key, value })));
}

/** Tags as in a `Tagging` document. */
export function parseTagging(tagging: XmlElement, limit = 10): readonly Tag[] {
  const set = tagging.first('TagSet');
  if (set === undefined) throw malformedXml();
  const tags = set.all('Tag').map((tag) => ({ key: tag.requireText('Key'), value: tag.requireText('Value') }));
  return checkTags(tags, limit);
}

/** Content of a `Tagging` document. */
export function taggingContent(tags: readonly Tag[]): { [name: string]: XmlContent } {
  return { TagSet: { Tag: tags.map(({ key, value }) => ({ Key: key, Value: value })) } };
}
