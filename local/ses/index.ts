import { randomUUID } from 'node:crypto';
import { appendFile, mkdir } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { ClassicLevel } from 'classic-level';
import { z } from 'zod';
import { AwsError } from '../gateway/aws-error.js';
import { readBody } from '../gateway/request-body.js';
import type { CallContext, HttpService } from '../gateway/service.js';
import { EntityStore, serviceLevel } from '../state/entity-store.js';

/** Where the local SES keeps things, and whom it plays. */
export interface SesOptions {
  readonly db: ClassicLevel<string, string>;
  /** Every accepted e-mail is appended to `messages.jsonl` in it. */
  readonly folder: string;
  readonly region: string;
}

/** Bytes of an e-mail with the API, and of its request, in which it is escaped. */
const maximumMessage = 40 * 1024 * 1024;
const maximumRecipients = 50;

const content = z.object({ Data: z.string(), Charset: z.string().optional() });
const addresses = z.array(z.string()).optional();
const sendEmail = z.object({
  FromEmailAddress: z.string(),
  Destination: z.object({ ToAddresses: addresses, CcAddresses: addresses, BccAddresses: addresses }),
  Content: z.object({
    Simple: z.object({
      Subject: content,
      Body: z.object({ Text: content.optional(), Html: content.optional() }),
    }),
  }),
});
const createIdentity = z.object({ EmailIdentity: z.string().min(1) });

const bad = (message: string): AwsError => new AwsError('BadRequestException', message);

function parse<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw bad(`${issue?.path.join('.') ?? 'the request'}: ${issue?.message ?? 'not valid'}`);
}

/** The address of `Name <a@b.c>` or `a@b.c`; @throws AwsError for anything else. */
function addressOf(text: string): string {
  const address = /<([^<>]+)>\s*$/.exec(text)?.[1] ?? text.trim();
  if (!/^[^\s@]+@[^\s@]+$/.test(address)) throw bad(`Missing final '@domain' or local part in ${text}`);
  return address;
}

/**
 * Amazon SES, version 2 of its API: identities and e-mails of subject, text and HTML. An identity is verified as soon as
 * it is made, since nobody is there to follow the link; the account is out of the sandbox. As at AWS an e-mail from an
 * identity that is not verified is refused. E-mails are kept, not sent.
 */
export async function createSes({ db, folder, region }: SesOptions): Promise<HttpService> {
  await mkdir(folder, { recursive: true });
  const identities = await EntityStore.open<{ readonly type: string }>(serviceLevel(db, 'ses'), 'identities');
  let written: Promise<void> = Promise.resolve();

  const isVerified = (address: string): boolean =>
    identities.get(address) !== undefined || identities.get(address.split('@')[1] ?? '') !== undefined;
  const found = (name: string): { readonly type: string } => {
    const identity = identities.get(name);
    if (identity === undefined) throw new AwsError('NotFoundException', `Email identity ${name} does not exist.`, 404);
    return identity;
  };
  const shown = (name: string, { type }: { readonly type: string }): object => ({
    IdentityType: type,
    IdentityName: name,
    VerifiedForSendingStatus: true,
    VerificationStatus: 'SUCCESS',
    SendingEnabled: true,
  });

  const send = async (body: unknown): Promise<object> => {
    const { FromEmailAddress: from, Destination: to, Content } = parse(sendEmail, body);
    const recipients = [to.ToAddresses, to.CcAddresses, to.BccAddresses].flatMap((list) => list ?? []);
    if (recipients.length === 0) throw bad('At least one recipient must be specified.');
    if (recipients.length > maximumRecipients) throw bad('Recipient count exceeds 50.');
    recipients.forEach(addressOf);
    const sender = addressOf(from);
    if (!isVerified(sender)) {
      throw new AwsError(
        'MessageRejected',
        `Email address is not verified. The following identities failed the check in region ${region.toUpperCase()}: ${sender}`
      );
    }
    const { Subject, Body } = Content.Simple;
    if (Body.Text === undefined && Body.Html === undefined) throw bad('Body must have text or HTML.');
    const message = {
      messageId: randomUUID(),
      from,
      to: recipients,
      subject: Subject.Data,
      text: Body.Text?.Data,
      html: Body.Html?.Data,
      sentAt: new Date().toISOString(),
    };
    const line = `${JSON.stringify(message)}\n`;
    await (written = written.catch(() => undefined).then(() => appendFile(join(folder, 'messages.jsonl'), line)));
    return { MessageId: message.messageId };
  };

  const operations: readonly [
    method: string,
    path: RegExp,
    name: string,
    run: (body: unknown, name: string) => Promise<object>,
  ][] = [
    ['POST', /^\/v2\/email\/outbound-emails$/, 'SendEmail', send],
    [
      'POST',
      /^\/v2\/email\/identities$/,
      'CreateEmailIdentity',
      async (body) => {
        const { EmailIdentity: name } = parse(createIdentity, body);
        if (identities.get(name) !== undefined) {
          throw new AwsError('AlreadyExistsException', `Email identity ${name} already exist.`);
        }
        const type = name.includes('@') ? 'EMAIL_ADDRESS' : 'DOMAIN';
        await identities.put(name, { type });
        return { IdentityType: type, VerifiedForSendingStatus: true };
      },
    ],
    [
      'GET',
      /^\/v2\/email\/identities$/,
      'ListEmailIdentities',
      async () => ({ EmailIdentities: identities.list().map(({ key, value }) => shown(key, value)) }),
    ],
    ['GET', /^\/v2\/email\/identities\/([^/]+)$/, 'GetEmailIdentity', async (_, name) => shown(name, found(name))],
    [
      'DELETE',
      /^\/v2\/email\/identities\/([^/]+)$/,
      'DeleteEmailIdentity',
      async (_, name) => {
        found(name);
        await identities.delete(name);
        return {};
      },
    ],
    [
      'GET',
      /^\/v2\/email\/account$/,
      'GetAccount',
      async () => ({ ProductionAccessEnabled: true, SendingEnabled: true, EnforcementStatus: 'HEALTHY' }),
    ],
  ];

  const handle = async (request: IncomingMessage, response: ServerResponse, context: CallContext): Promise<void> => {
    const text = (await readBody(request, maximumMessage)).toString('utf8');
    const path = (request.url ?? '').split('?')[0] ?? '';
    for (const [method, pattern, name, run] of operations) {
      const match = method === request.method ? pattern.exec(path) : null;
      if (match === null) continue;
      let body: unknown;
      try {
        body = text === '' ? {} : JSON.parse(text);
      } catch {
        throw new AwsError('SerializationException', 'The request body is not valid JSON.');
      }
      await context.begin?.(name, body as Record<string, unknown>);
      const answer = Buffer.from(JSON.stringify(await run(body, decodeURIComponent(match[1] ?? ''))));
      response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': answer.length });
      response.end(answer);
      return;
    }
    throw new AwsError('UnknownOperationException', `The local SES has no ${request.method} ${path}.`, 404);
  };
  return { name: 'ses', handle, close: () => written.catch(() => undefined) };
}
