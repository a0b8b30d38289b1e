import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ClassicLevel } from 'classic-level';
import type { AwsError } from '../gateway/aws-error.js';
import type { CallContext, HttpService } from '../gateway/service.js';
import { buildXml } from '../gateway/xml.js';
import type { XmlContent } from '../gateway/xml.js';
import type { TemporarySessions } from '../sts/sessions.js';
import { checkCredentials } from './credentials.js';
import { DiskObjectStore } from './disk-object-store.js';
import { checkKey } from './names.js';
import type { ObjectStore } from './object-store.js';
import { operationOf } from './operations.js';
import { S3Call } from './s3-call.js';
import { S3Request } from './s3-request.js';
import { Storage } from './storage.js';
import { checkSessionPolicy, sessionOf } from './temporary-credentials.js';

/**
 * The local S3 over a folder and a database: its HTTP side and the store that other local services use directly.
 * Objects written through either are seen by both, and are there again when both are opened anew.
 * @param options.folder for the objects' bytes; made when absent. Only one process may use it at a time.
 * @param options.sessions what temporary credentials are held against; without it they are like any others.
 * @throws Error when the folder cannot be made or read.
 */
export async function createS3(options: {
  readonly folder: string;
  readonly db: ClassicLevel<string, string>;
  readonly region: string;
  readonly sessions?: TemporarySessions;
}): Promise<{ service: HttpService; store: ObjectStore }> {
  const storage = await Storage.open(options.folder, options.db);
  const handle = async (request: IncomingMessage, response: ServerResponse, context: CallContext): Promise<void> => {
    response.setHeader('x-amz-request-id', context.requestId);
    const s3Request = new S3Request(request);
    checkCredentials(s3Request);
    const session = sessionOf(s3Request, options.sessions);
    const operation = operationOf(s3Request);
    if (s3Request.key !== undefined) checkKey(s3Request.key);
    checkSessionPolicy(session, s3Request, operation.name);
    const { bucket: Bucket, key: Key } = s3Request;
    await context.begin?.(operation.name, { Bucket, Key, Prefix: s3Request.query.get('prefix') ?? undefined });
    await operation.handle(new S3Call(s3Request, response, { ...context, region: options.region }, storage));
  };
  const service = { name: 's3', handle, answerError, close: () => Promise.resolve() };
  return { service, store: new DiskObjectStore(storage) };
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#RESTErrorResponses */
function answerError(error: AwsError, request: IncomingMessage, response: ServerResponse, context: CallContext): void {
  if (response.headersSent) return void response.destroy();
  const details: Record<string, XmlContent> = {};
  for (const [name, value] of Object.entries(error.details)) details[name] = String(value);
  const content = {
    Code: error.code,
    Message: error.message,
    ...details,
    Resource: (request.url ?? '/').split('?')[0],
    RequestId: context.requestId,
    HostId: 'sluice',
  };
  for (const name of ['Content-Length', 'ETag', 'Last-Modified']) response.removeHeader(name);
  if (error.code === 'InvalidRange') {
    response.setHeader('Content-Range', `bytes */${String(error.details['ActualObjectSize'])}`);
  }
  const body = Buffer.from(buildXml('Error', content));
  // A HEAD has no body; clients then know an error by its status alone.
  const isHead = request.method === 'HEAD';
  response.writeHead(error.status, {
    'Content-Type': 'application/xml',
    ...(isHead ? {} : { 'Content-Length': body.length }),
  });
  response.end(isHead ? undefined : body);
}
