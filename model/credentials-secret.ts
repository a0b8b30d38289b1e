import { z } from 'zod';

const schema = z.object({
  accessKeyId: z.string().min(1),
  secretAccessKey: z.string().min(1),
  sessionToken: z.string().min(1),
  expiration: z.iso.datetime(),
  version: z.string().min(1),
  roleArn: z.string().min(1),
  region: z.string().min(1),
});

/**
 * What readers find in the one secret: all of one generation, or nothing. `expiration` is ISO 8601 in UTC; `version`
 * tells generations apart, and is the same in Secrets Manager's version id and Key Vault's tag.
 */
export type CredentialsSecret = z.output<typeof schema>;

/** The text that is stored. */
export const formatCredentialsSecret = (secret: CredentialsSecret): string => JSON.stringify(schema.parse(secret));

/** What a stored text holds; undefined when it is not one of Sluice's, about which nothing is said: it is a secret. */
export function parseCredentialsSecret(text: string | undefined): CredentialsSecret | undefined {
  try {
    return schema.parse(JSON.parse(text ?? ''));
  } catch {
    return undefined;
  }
}
