/** The host name of a `Host` header, in lower case, without the port and the brackets of an IPv6 address. */
export function hostName(header: string): string {
  const match = /^(?:\[([^\]]*)\]|([^:]*))(?::\d*)?$/.exec(header.trim().toLowerCase());
  return match?.[1] ?? match?.[2] ?? '';
}
