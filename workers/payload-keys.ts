/** A key that payloads are encrypted with: 256 bits, and the name that is written beside what it encrypts. */
export interface PayloadKey {
  readonly id: string;
  readonly key: Buffer;
}

/** `SLUICE_PAYLOAD_KEY` cannot be used; the message shows nothing of it. */
export class PayloadKeyError extends Error {
  constructor(readonly problems: readonly { readonly path: string; readonly message: string }[]) {
    super(
      ['The keys of the payloads are not usable:', ...problems.map((one) => `  ${one.path}: ${one.message}`)].join('\n')
    );
    this.name = 'PayloadKeyError';
  }
}

const keyId = /^[A-Za-z0-9._-]{1,64}$/;
const base64 = /^[A-Za-z0-9+/]{43}=$/; // of 32 bytes

/**
 * Reads `SLUICE_PAYLOAD_KEY`: `<key id>:<32 bytes in Base64>`, several with commas or white space between them. The first
 * encrypts, all decrypt. Without it, payloads are not encrypted.
 * @throws PayloadKeyError
 */
export function payloadKeys(env: NodeJS.ProcessEnv): readonly PayloadKey[] {
  const entries = (env.SLUICE_PAYLOAD_KEY ?? '').split(/[\s,]+/).filter((entry) => entry !== '');
  const problems: string[] = [];
  const keys = new Map<string, PayloadKey>();
  for (const [index, entry] of entries.entries()) {
    const [, id = '', key = ''] = /^([^:]*):(.*)$/s.exec(entry) ?? [];
    const named = `key ${index + 1} of ${entries.length}`; // never the text: it may be a secret
    if (!keyId.test(id)) problems.push(`${named} has no id before a colon: letters, digits, ., _ and -, at most 64`);
    else if (!base64.test(key))
      problems.push(`${named} is not 32 bytes in Base64: make one by openssl rand -base64 32`);
    else if (keys.has(id)) problems.push(`${named} has the id of one before it`);
    else keys.set(id, { id, key: Buffer.from(key, 'base64') });
  }
  if (problems.length > 0) {
    throw new PayloadKeyError(problems.map((message) => ({ path: 'SLUICE_PAYLOAD_KEY', message })));
  }
  return [...keys.values()];
}
