import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';

const ITERATIONS = 4096; // PostgreSQL's own

/** A verifier that no password fits, as long as every other of {@link scramVerifier}. */
export const NO_PASSWORD = verifier(Buffer.alloc(16), Buffer.alloc(32), Buffer.alloc(32));

/**
 * What PostgreSQL keeps of a password, as it writes it into pg_authid.
 * @param password of printable ASCII, which SASLprep leaves as it is
 * @see https://www.rfc-editor.org/rfc/rfc5802#section-3
 */
export function scramVerifier(password: string): string {
  const salt = randomBytes(16);
  const salted = pbkdf2Sync(password, salt, ITERATIONS, 32, 'sha256');
  const hmac = (text: string): Buffer => createHmac('sha256', salted).update(text).digest();
  return verifier(salt, createHash('sha256').update(hmac('Client Key')).digest(), hmac('Server Key'));
}

function verifier(salt: Buffer, storedKey: Buffer, serverKey: Buffer): string {
  const [salt64, stored64, server64] = [salt, storedKey, serverKey].map((key) => key.toString('base64'));
  return `SCRAM-SHA-256$${ITERATIONS}:${salt64}$${stored64}:${server64}`;
}
