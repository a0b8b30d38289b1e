import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generate } from 'selfsigned';

/** A certificate and its key, in PEM. */
export interface Pair {
  readonly cert: string;
  readonly key: string;
}

const name = (value: string) => [{ name: 'commonName', value }];
const ec = { keyType: 'ec', algorithm: 'sha256' } as const;

/** Makes a certificate authority. */
export async function makeAuthority(commonName: string): Promise<Pair> {
  const { cert, private: key } = await generate(name(commonName), {
    ...ec,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  return { cert, key };
}

/** Makes a certificate for a server of these names, or for a client, signed by an authority. */
export async function signBy(
  ca: Pair,
  commonName: string,
  options: { readonly expired?: boolean } = {}
): Promise<Pair> {
  const day = 24 * 60 * 60 * 1000;
  const { cert, private: key } = await generate(name(commonName), {
    ...ec,
    ca,
    ...(options.expired && { notBeforeDate: new Date(Date.now() - 2 * day), notAfterDate: new Date(Date.now() - day) }),
    extensions: [
      { name: 'basicConstraints', cA: false },
      { name: 'keyUsage', digitalSignature: true },
      { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
      { name: 'subjectAltName', altNames: [{ type: 2, value: commonName }] },
    ],
  });
  return { cert, key };
}

/** Writes a pair to `<folder>/<name>.pem` and `<folder>/<name>.key`, and gives the paths. */
export async function writePair(folder: string, base: string, pair: Pair): Promise<Pair> {
  const paths = { cert: join(folder, `${base}.pem`), key: join(folder, `${base}.key`) };
  await Promise.all([writeFile(paths.cert, pair.cert), writeFile(paths.key, pair.key)]);
  return paths;
}
