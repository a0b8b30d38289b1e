import type { ServerResponse } from 'node:http';
import { AwsError } from '../gateway/aws-error.js';
import { readBody } from '../gateway/request-body.js';
import type { CallContext } from '../gateway/service.js';
import { buildXml } from '../gateway/xml.js';
import type { XmlContent } from '../gateway/xml.js';
import { checksumAlgorithms, checksumHeader, Hasher } from './checksums.js';
import { invalidRequest } from './errors.js';
import { expectedIntegrity, verifyIntegrity } from './integrity.js';
import type { S3Request } from './s3-request.js';
import type { Storage } from './storage.js';
import { parseXmlBody } from './xml-body.js';
import type { XmlElement } from './xml-body.js';

export const s3Namespace = 'http://s3.amazonaws.com/doc/2006-03-01/';

/** Bytes; the largest XML body of S3 (DeleteObjects, CompleteMultipartUpload) is below 8 MiB. */
const maxXml = 8 * 1024 * 1024;

/** What the checksum headers of a request with a small body are good for. */
type DigestUse = 'verified' | 'required' | 'ignored';

/** One request to the local S3 and what answering it takes. */
export class S3Call {
  constructor(
    readonly request: S3Request,
    readonly response: ServerResponse,
    readonly context: CallContext,
    readonly storage: Storage
  ) {}

  /** @throws AwsError `NoSuchBucket` when the bucket does not exist. */
  async bucket(): Promise<string> {
    const { bucket = '' } = this.request;
    await this.storage.index.requireBucket(bucket);
    const owner = this.request.header('x-amz-expected-bucket-owner');
    if (owner !== undefined && owner !== this.context.account) throw new AwsError('AccessDenied', 'Access Denied', 403);
    return bucket;
  }

  /** The key of a request that is routed as one for an object. */
  get key(): string {
    return this.request.key ?? '';
  }

  /**
   * Reads and verifies the XML body.
   * @param digest `required` for the operations that S3 lets through only with a checksum or MD5; `ignored` for the
   * one whose checksum headers are not of its body.
   * @throws AwsError `MalformedXML`, `BadDigest`, `InvalidRequest`.
   */
  async xmlBody(root: string, digest: DigestUse = 'verified'): Promise<XmlElement> {
    return parseXmlBody(await this.textBody(digest), root);
  }

  /** As {@link xmlBody}, for a body of any kind. */
  async textBody(digest: DigestUse = 'verified'): Promise<string> {
    const body = await readBody(this.request.raw, maxXml);
    if (digest === 'ignored') return body.toString('utf8');
    const expected = expectedIntegrity(this.request);
    if (digest === 'required' && expected.md5 === undefined && expected.value === undefined) {
      const names = ['Content-MD5', ...checksumAlgorithms.map(checksumHeader)];
      throw invalidRequest(`Missing required header for this request: ${names.join(' OR ')}`);
    }
    const hasher = new Hasher(expected.algorithm ? [expected.algorithm] : []);
    hasher.update(body);
    verifyIntegrity(expected, await hasher.digests(), new Map());
    return body.toString('utf8');
  }

  /** Answers without a body. */
  empty(status: number, headers: Readonly<Record<string, string | number | undefined>> = {}): void {
    this.setHeaders(headers);
    this.response.writeHead(status, status === 204 || status === 304 ? {} : { 'Content-Length': 0 });
    this.response.end();
  }

  /** Answers with an XML document in S3's namespace. */
  xml(
    root: string,
    content: { [name: string]: XmlContent },
    headers: Readonly<Record<string, string | number | undefined>> = {}
  ): void {
    this.text(200, buildXml(root, content, s3Namespace), { 'Content-Type': 'application/xml', ...headers });
  }

  /** Answers with text. */
  text(status: number, text: string, headers: Readonly<Record<string, string | number | undefined>>): void {
    const body = Buffer.from(text);
    this.setHeaders(headers);
    this.response.writeHead(status, { 'Content-Length': body.length });
    this.response.end(body);
  }

  /** Sets headers of the answer; undefined ones are left out. */
  setHeaders(headers: Readonly<Record<string, string | number | undefined>>): void {
    for (const [name, value] of Object.entries(headers)) {
      if (value !== undefined) this.response.setHeader(name, value);
    }
  }
}

/** An ETag as it stands in headers and XML. */
export const quoted = (etag: string): string => `"${etag}"`;

/** A time as S3's XML has it: to the second, as in the header `Last-Modified`. */
export const isoTime = (milliseconds: number): string => `${new Date(milliseconds).toISOString().slice(0, 19)}.000Z`;
