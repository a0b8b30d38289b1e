import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One version of a secret, as Key Vault keeps it. */
export interface VaultVersion {
  readonly id: string;
  readonly value: string;
  readonly contentType?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly attributes: { readonly enabled: boolean; readonly created: number; readonly exp?: number };
}

/** A Key Vault on loopback that speaks its REST protocol, behind a challenge, and a managed identity that opens it. */
export interface KeyVault {
  readonly url: string;
  /** Variables by which Azure's libraries find the identity, as on App Service. */
  readonly env: Readonly<Record<string, string>>;
  /** Versions by the name of the secret, the oldest first. */
  readonly secrets: Map<string, VaultVersion[]>;
  /** Requests that were answered by a challenge. */
  challenges(): number;
  close(): Promise<void>;
}

const resource = 'https://vault.azure.net';

async function bodyOf(request: IncomingMessage): Promise<Partial<VaultVersion>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  return text === '' ? {} : (JSON.parse(text) as Partial<VaultVersion>);
}

/**
 * Starts it.
 * @see https://learn.microsoft.com/rest/api/keyvault/secrets/
 * @see https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference
 */
export async function startKeyVault(): Promise<KeyVault> {
  const [token, header] = [randomUUID(), randomUUID()];
  const secrets = new Map<string, VaultVersion[]>();
  let challenges = 0;
  const answer = async (request: IncomingMessage): Promise<[number, object, Record<string, string>?]> => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://vault');
    const [kind, name = '', version] = pathname.split('/').filter(Boolean);
    const given = await bodyOf(request);
    if (kind === 'identity') {
      const isAllowed = request.headers['x-identity-header'] === header && searchParams.get('resource') === resource;
      if (!isAllowed) return [400, { error: 'invalid_request' }];
      return [
        200,
        { access_token: token, expires_on: `${Math.floor(Date.now() / 1000) + 3600}`, resource, token_type: 'Bearer' },
      ];
    }
    if (request.headers.authorization !== `Bearer ${token}`) {
      challenges += 1;
      const challenge = `Bearer authorization="https://login.microsoftonline.com/tenant", resource="${resource}"`;
      return [
        401,
        { error: { code: 'Unauthorized', message: 'AKV10000: no token' } },
        { 'WWW-Authenticate': challenge },
      ];
    }
    const versions = secrets.get(name) ?? [];
    if (request.method === 'PUT') {
      const id = `${url}/secrets/${name}/${randomUUID().replaceAll('-', '')}`;
      const attributes = { created: Math.floor(Date.now() / 1000), ...given.attributes, enabled: true };
      const made = { ...given, id, value: given.value ?? '', attributes };
      secrets.set(name, [...versions, made]);
      return [200, made];
    }
    if (version === 'versions') return [200, { value: versions.map(({ value: _value, ...rest }) => rest) }];
    const found = version === undefined ? versions.at(-1) : versions.find(({ id }) => id.endsWith(`/${version}`));
    if (found === undefined)
      return [404, { error: { code: 'SecretNotFound', message: `A secret with ${name} was not found` } }];
    if (request.method !== 'PATCH') return [200, found];
    const changed = { ...found, attributes: { ...found.attributes, ...given.attributes } };
    secrets.set(
      name,
      versions.map((one) => (one === found ? changed : one))
    );
    return [200, changed];
  };
  const server = createServer((request, response) => {
    void answer(request).then(([status, body, headers]) => {
      response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
      response.end(JSON.stringify(body));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    env: { IDENTITY_ENDPOINT: `${url}/identity`, IDENTITY_HEADER: header },
    secrets,
    challenges: () => challenges,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
