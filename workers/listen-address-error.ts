/** An address that the worker was told to listen on cannot be listened on. */
export class ListenAddressError extends Error {
  constructor(what: string, address: string, setting: string, why: string) {
    super(`${what} cannot be served at ${address} (${setting}): ${why}`);
    this.name = 'ListenAddressError';
  }
}
