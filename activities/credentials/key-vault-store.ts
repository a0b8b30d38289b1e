import type { SecretClient } from '@azure/keyvault-secrets';
import { log } from '@temporalio/activity';
import { formatCredentialsSecret, parseCredentialsSecret } from '../../model/credentials-secret.js';
import type { ErrorClass } from '../error-classes.js';
import { StepError } from '../failures.js';
import type { SecretStore, StoredSecret } from './secret-store.js';
import { foreignSecret, overtaken } from './secret-store.js';

/** Tag that has the version of the credentials. */
const versionTag = 'sluiceVersion';

/**
 * A client of a vault, with the identity that the environment of the worker names: workload identity, service
 * principal, managed identity and others. The libraries are loaded here, by who needs them.
 * @see https://learn.microsoft.com/javascript/api/overview/azure/identity-readme#defaultazurecredential
 */
export async function keyVaultClient(url: string): Promise<SecretClient> {
  const [{ SecretClient }, { DefaultAzureCredential }] = await Promise.all([
    import('@azure/keyvault-secrets'),
    import('@azure/identity'),
  ]);
  const { hostname, protocol } = new URL(url);
  const isLoopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname);
  return new SecretClient(url, new DefaultAzureCredential(), {
    // A vault on this machine is no subdomain of the service that tokens are for.
    disableChallengeResourceVerification: isLoopback,
    allowInsecureConnection: isLoopback && protocol === 'http:',
    retryOptions: { maxRetries: 2 },
  });
}

/** What the libraries' errors have in common. */
interface VaultError {
  readonly name?: string;
  readonly code?: string;
  readonly statusCode?: number;
  readonly message?: string;
}

const classOf = ({ name = '', statusCode, code = '' }: VaultError): ErrorClass => {
  if (statusCode === 429) return 'Throttled';
  if (statusCode !== undefined && statusCode >= 500) return 'Transient';
  if (statusCode === undefined && (name === 'AbortError' || /^E[A-Z_]+$|REQUEST_SEND_ERROR/.test(code)))
    return 'Transient';
  return 'Permanent';
};

async function onVault<T>(resource: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    const shape = error as VaultError;
    const advice =
      shape.statusCode === undefined
        ? 'Check the Azure identity of the worker (AZURE_TENANT_ID, AZURE_CLIENT_ID, …) and the vault’s URL.'
        : 'The identity needs the role Key Vault Secrets Officer on the vault, or get, list and set of its secrets.';
    const errorClass = classOf(shape);
    const message = [shape.code ?? shape.name, shape.message].filter(Boolean).join(': ');
    throw new StepError(errorClass, resource, message, errorClass === 'Permanent' ? advice : undefined);
  }
}

/**
 * A secret of Azure Key Vault, whose latest version is the current one: setting it is the one step. It has no
 * conditional write: what has become current in between is looked for right before. Earlier versions that have
 * expired are disabled, when a later one has become current.
 */
export function keyVaultStore(client: SecretClient, name: string, abortSignal: AbortSignal): SecretStore {
  const resource = `secret ${name} of Key Vault ${client.vaultUrl}`;
  const latest = async () =>
    onVault(resource, async () => {
      try {
        return await client.getSecret(name, { abortSignal });
      } catch (error) {
        if ((error as VaultError).statusCode === 404) return undefined;
        throw error;
      }
    });
  const current = async (): Promise<StoredSecret | undefined> => {
    const found = await latest();
    if (found === undefined || found.value?.trim() === '{}') return undefined;
    const secret = parseCredentialsSecret(found.value);
    if (secret === undefined) throw foreignSecret(resource);
    return { id: found.properties.version ?? '', secret };
  };
  /** Once they have expired nobody can be reading with them. */
  const disableExpired = async (): Promise<void> => {
    for await (const version of client.listPropertiesOfSecretVersions(name, { abortSignal })) {
      const { version: id, tags, enabled, expiresOn } = version;
      const isOld = tags?.[versionTag] !== undefined && expiresOn !== undefined && expiresOn.getTime() < Date.now();
      if (id !== undefined && enabled && isOld) {
        await client.updateSecretProperties(name, id, { enabled: false, abortSignal });
      }
    }
  };
  return {
    resource,
    current,
    pending: () => Promise.resolve(undefined),
    stage: () => Promise.resolve(),
    async promote(secret, over) {
      const now = await current();
      if (now?.secret.version === secret.version) return;
      if (now?.id !== over?.id) throw overtaken(resource);
      await onVault(resource, () =>
        client.setSecret(name, formatCredentialsSecret(secret), {
          contentType: 'application/json',
          expiresOn: new Date(secret.expiration),
          tags: { [versionTag]: secret.version },
          abortSignal,
        })
      );
      // They are of no use to anybody, disabled or not.
      await onVault(resource, disableExpired).catch((error: unknown) => {
        log.warn('Expired versions were not disabled', { resource, reason: (error as Error).message });
      });
    },
  };
}
