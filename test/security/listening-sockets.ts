import { readFileSync, readdirSync, readlinkSync } from 'node:fs';

/** A TCP socket that a process listens on. */
export interface ListeningSocket {
  readonly pid: number;
  /** Such as `127.0.0.1`, `0.0.0.0`, `::1`. */
  readonly address: string;
  readonly port: number;
}

/** The address as proc(5) writes it: groups of four bytes, each in the machine's byte order, taken as little-endian. */
function readableAddress(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((group) =>
    (group.match(/../g) ?? []).reverse().map((byte) => Number.parseInt(byte, 16))
  );
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, index) =>
    (bytes[index * 2]! * 256 + bytes[index * 2 + 1]!).toString(16)
  );
  const text = groups.join(':');
  if (text === '0:0:0:0:0:0:0:1') return '::1';
  return text === '0:0:0:0:0:0:0:0' ? '::' : text;
}

function socketInodes(pid: number): Set<string> {
  try {
    const links = readdirSync(`/proc/${pid}/fd`).map((fd) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${fd}`);
      } catch {
        return ''; // it has just been closed
      }
    });
    return new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []));
  } catch {
    return new Set(); // the process has just ended, or is another user's
  }
}

/** What processes of this machine listen on, read from /proc. */
export function listeningSockets(pids: readonly number[]): ListeningSocket[] {
  const listening = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) =>
    readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === '0A') // TCP_LISTEN
      .map(([, local = '', , , , , , , , inode = '']) => {
        const [address = '', port = ''] = local.split(':');
        return { address: readableAddress(address), port: Number.parseInt(port, 16), inode };
      })
  );
  return pids.flatMap((pid) => {
    const own = socketInodes(pid);
    return listening.filter(({ inode }) => own.has(inode)).map(({ address, port }) => ({ pid, address, port }));
  });
}
