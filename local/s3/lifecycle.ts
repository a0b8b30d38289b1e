import { AwsError } from '../gateway/aws-error.js';
import { invalidRequest, malformedXml } from './errors.js';
import type { XmlElement } from './xml-body.js';

const invalidArgument = (message: string): AwsError => new AwsError('InvalidArgument', message);

const actions = [
  'Expiration',
  'Transition',
  'NoncurrentVersionExpiration',
  'NoncurrentVersionTransition',
  'AbortIncompleteMultipartUpload',
];

/**
 * Checks a lifecycle configuration against the rules that S3 checks on a put. The rules have no effect locally.
 * @throws AwsError `MalformedXML`, `InvalidArgument`, `InvalidRequest`.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html
 */
export function checkLifecycle(document: XmlElement): void {
  const rules = document.all('Rule');
  if (rules.length === 0 || rules.length > 1000) throw malformedXml();
  const ids = new Set<string>();
  for (const rule of rules) {
    const id = rule.textOf('ID');
    if (id !== undefined && id.length > 255) throw invalidArgument('ID length should not exceed allowed limit of 255');
    if (id !== undefined && ids.has(id))
      throw invalidArgument('Rule ID must be unique. Found same ID for more than one rule');
    if (id !== undefined) ids.add(id);
    checkRule(rule);
  }
}

function checkRule(rule: XmlElement): void {
  if (!['Enabled', 'Disabled'].includes(rule.requireText('Status'))) throw malformedXml();
  if (!actions.some((action) => rule.first(action))) {
    throw invalidRequest('At least one action needs to be specified in a rule');
  }
  if (!rule.first('Filter') === !rule.first('Prefix')) throw malformedXml();
  for (const expiration of rule.all('Expiration')) checkDays(expiration.textOf('Days'), 'Expiration', 1);
  for (const transition of rule.all('Transition')) {
    const storageClass = transition.requireText('StorageClass');
    const days = checkDays(transition.textOf('Days'), 'Transition', 0);
    if (['STANDARD_IA', 'ONEZONE_IA'].includes(storageClass) && days !== undefined && days < 30) {
      throw invalidArgument(
        `'Days' in Transition action must be greater than or equal to 30 for storageClass '${storageClass}'`
      );
    }
  }
}

function checkDays(text: string | undefined, action: string, least: number): number | undefined {
  if (text === undefined) return undefined;
  const days = Number(text);
  if (!Number.isInteger(days)) throw malformedXml();
  if (days >= least) return days;
  throw invalidArgument(
    least === 0
      ? `'Days' for ${action} action must be a nonnegative integer`
      : `'Days' for ${action} action must be a positive integer`
  );
}
