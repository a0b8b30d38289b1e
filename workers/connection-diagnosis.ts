import type { ConnectionOptions } from 'node:tls';
import { connect } from 'node:tls';
import type { ClientConnectConfig } from '@temporalio/envconfig';

type Tls = ClientConnectConfig['connectionOptions']['tls'];

/** Milliseconds that the other side may take for a handshake. */
const handshakeMs = 3_000;

/** In TLS 1.3 the server refuses a client's certificate only after the client's handshake has ended. */
const refusalMs = 1_000;

/** The start of an HTTP/2 connection with empty settings: a server that takes it answers with its own. */
const http2Preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0', 'latin1');

/**
 * Finds out what TLS has to do with it that `address` (host:port) could not be connected to: the libraries of gRPC say
 * only that they had no connection. Returns what is wrong and which variable mends it; undefined when TLS is not at fault.
 */
export async function diagnoseTls(address: string, tls: Tls): Promise<string | undefined> {
  const [, host = '', port = ''] = /^\[?(.+?)\]?:(\d+)$/.exec(address) ?? [];
  const to = { host, port: Number(port) };
  if (!tls) {
    const failure = await tlsFailure({ ...to, rejectUnauthorized: false });
    return failure === undefined || failure.startsWith('ERR_SSL_TLS')
      ? 'it speaks TLS: set TEMPORAL_TLS=true, or TEMPORAL_API_KEY or TEMPORAL_TLS_*'
      : undefined;
  }
  const { serverNameOverride, serverRootCACertificate: ca, clientCertPair } = tls === true ? {} : tls;
  const code = await tlsFailure({
    ...to,
    ...(isAddress(host) ? {} : { servername: host }),
    ...(serverNameOverride ? { servername: serverNameOverride } : {}),
    ...(ca ? { ca: Buffer.from(ca) } : {}),
    ...(clientCertPair ? { cert: Buffer.from(clientCertPair.crt), key: Buffer.from(clientCertPair.key) } : {}),
  });
  return code === undefined ? undefined : explain(code, clientCertPair !== undefined);
}

const isAddress = (host: string): boolean => /^[\d.]+$|:/.test(host);

function explain(code: string, withCertificate: boolean): string | undefined {
  if (/SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER/.test(code)) {
    return 'its certificate is not signed by a CA that is trusted here: set TEMPORAL_TLS_SERVER_CA_CERT_PATH to the CA that signed it';
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return 'its certificate is for another name: set TEMPORAL_TLS_SERVER_NAME to a name that the certificate has';
  }
  if (code === 'CERT_HAS_EXPIRED') return 'its certificate has expired: whoever runs the server has to renew it';
  if (code === 'CERT_NOT_YET_VALID') return 'its certificate is not valid yet: is the clock of this machine right?';
  if (/WRONG_VERSION_NUMBER|PACKET_LENGTH|EPROTO|ECONNRESET|no answer/.test(code)) {
    return 'it does not speak TLS: unset TEMPORAL_TLS_* and TEMPORAL_API_KEY, or correct TEMPORAL_ADDRESS';
  }
  if (!/ALERT|refused/.test(code)) return undefined;
  return withCertificate
    ? 'it refuses the client certificate: is it signed by the CA that this server or namespace takes (TEMPORAL_TLS_CLIENT_CERT_PATH, TEMPORAL_TLS_CLIENT_KEY_PATH)?'
    : 'it wants a client certificate: set TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH';
}

/** Code of the error that a TLS connection meets with; undefined when the other side answers over it. */
function tlsFailure(options: ConnectionOptions): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ ...options, ALPNProtocols: ['h2'] });
    const end = (failure: string | undefined): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(failure);
    };
    let timer = setTimeout(end, handshakeMs, 'no answer');
    socket.once('secureConnect', () => {
      clearTimeout(timer);
      timer = setTimeout(end, refusalMs, undefined);
      socket.write(http2Preface);
    });
    socket.once('data', () => end(undefined));
    socket.once('error', ({ code }: NodeJS.ErrnoException) => end(code ?? 'EPROTO'));
    socket.once('close', () => end(socket.authorized ? 'refused' : 'ECONNRESET'));
  });
}
