import { AwsError } from '../gateway/aws-error.js';

/** The account and Region that the local DynamoDB plays. */
export interface Home {
  readonly account: string;
  readonly region: string;
}

/** The ARN of a table here. */
export function tableArn(home: Home, name: string): string {
  return `arn:aws:dynamodb:${home.region}:${home.account}:table/${name}`;
}

const arn = /^arn:([^:]*):([^:]*):([^:]*):([^:]*):table\/([a-zA-Z0-9_.-]{3,255})(?:\/export\/([0-9a-f-]+))?$/;

function parts(home: Home, text: string): { table: string; exportId: string | undefined } | undefined {
  const found = arn.exec(text);
  if (found === null) return undefined;
  const [, partition, service, region, account, table = '', exportId] = found;
  const isHere = partition === 'aws' && service === 'dynamodb' && region === home.region && account === home.account;
  if (!isHere)
    throw new AwsError('AccessDeniedException', `Access is denied to ${text}: it is not of this account and Region`);
  return { table, exportId };
}

/**
 * The table's name of a table ARN.
 * @throws AwsError `ValidationException`; `AccessDeniedException` for another account or Region
 */
export function tableOfArn(home: Home, text: string): string {
  const found = parts(home, text);
  if (found === undefined || found.exportId !== undefined) {
    throw new AwsError('ValidationException', `Invalid table ARN: ${text}`);
  }
  return found.table;
}

/** Checks the form of an export's ARN; throws as {@link tableOfArn} does. */
export function checkExportArn(home: Home, text: string): void {
  const found = parts(home, text);
  if (found?.exportId === undefined) throw new AwsError('ValidationException', `Invalid Export ARN: ${text}`);
}
