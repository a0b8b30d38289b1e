import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Payload, PayloadCodec } from '@temporalio/common';
import protos from '@temporalio/proto';
import { PayloadKeyError } from './payload-keys.js';
import type { PayloadKey } from './payload-keys.js';

const { Payload: PayloadMessage } = protos.temporal.api.common.v1;

// The metadata of Temporal's own samples of encryption, so that their tools know it again.
const encryptedEncoding = 'binary/encrypted';
const cipherName = 'AES-256-GCM';
const encodingField = 'encoding';
const cipherField = 'encryption-cipher';
const keyField = 'encryption-key-id';

const ivBytes = 12;
const tagBytes = 16;

/**
 * Encrypts payloads with the first key, and decrypts with the one that is named beside them; those that are not encrypted
 * are left as they are. Without a key it encrypts nothing, and says of what is encrypted that it needs one. The data of an
 * encrypted payload are a nonce of 12 bytes, the ciphertext of the whole payload as a protobuf message, and a tag of 16
 * bytes that covers the id of the key too. `decode` throws {@link PayloadKeyError}.
 */
export function payloadCodec(keys: readonly PayloadKey[]): PayloadCodec {
  const [current] = keys;
  const byId = new Map(keys.map((key) => [key.id, key]));
  return {
    encode: (payloads) =>
      Promise.resolve(current === undefined ? payloads : payloads.map((payload) => encrypt(payload, current))),
    decode: async (payloads) => payloads.map((payload) => (isEncrypted(payload) ? decrypt(payload, byId) : payload)),
  };
}

const textOf = (payload: Payload, field: string): string => Buffer.from(payload.metadata?.[field] ?? []).toString();

const isEncrypted = (payload: Payload): boolean => textOf(payload, encodingField) === encryptedEncoding;

function encrypt(payload: Payload, { id, key }: PayloadKey): Payload {
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(id));
  const text = Buffer.concat([cipher.update(PayloadMessage.encode(payload).finish()), cipher.final()]);
  return {
    metadata: {
      [encodingField]: Buffer.from(encryptedEncoding),
      [cipherField]: Buffer.from(cipherName),
      [keyField]: Buffer.from(id),
    },
    data: Buffer.concat([iv, text, cipher.getAuthTag()]),
  };
}

function decrypt(payload: Payload, keys: ReadonlyMap<string, PayloadKey>): Payload {
  const id = textOf(payload, keyField);
  const key = keys.get(id);
  if (key === undefined) {
    const held = keys.size === 0 ? 'is not set' : `holds ${[...keys.keys()].join(', ')}`;
    throw problem(`a payload is encrypted with the key ${JSON.stringify(id)}, and this ${held}: add that key to it`);
  }
  const data = Buffer.from(payload.data ?? []);
  try {
    const decipher = createDecipheriv('aes-256-gcm', key.key, data.subarray(0, ivBytes), { authTagLength: tagBytes })
      .setAAD(Buffer.from(id))
      .setAuthTag(data.subarray(-tagBytes));
    const text = Buffer.concat([decipher.update(data.subarray(ivBytes, -tagBytes)), decipher.final()]);
    return PayloadMessage.decode(text);
  } catch {
    throw problem(
      `a payload cannot be decrypted with the key ${JSON.stringify(id)}: it was encrypted with another one of that id, ` +
        'or it has been changed'
    );
  }
}

const problem = (message: string): PayloadKeyError => new PayloadKeyError([{ path: 'SLUICE_PAYLOAD_KEY', message }]);
