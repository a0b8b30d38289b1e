import { lstat, readFile } from 'node:fs/promises';

/** An existing user of this machine. */
export interface ServerUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/**
 * Whom PostgreSQL is to run as: undefined for ourselves, another user when we are root, which PostgreSQL refuses.
 * The owner of an existing cluster stays its user.
 * @param dataFolder the cluster's folder, which may not exist yet
 * @throws Error when we are root and the machine has no unprivileged user
 */
export async function serverUser(dataFolder: string): Promise<ServerUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const users = parsePasswd(await readFile('/etc/passwd', 'utf8'));
  const owner = (await lstat(dataFolder).catch(() => undefined))?.uid;
  const chosen =
    owner === undefined || owner === 0
      ? (users.find(({ name }) => name === 'postgres') ?? users.find(({ name }) => name === 'nobody'))
      : users.find(({ uid }) => uid === owner);
  if (chosen === undefined) {
    throw new Error(
      owner === undefined || owner === 0
        ? 'PostgreSQL does not run as root, and /etc/passwd has neither a user "postgres" nor "nobody": run Sluice as an ordinary user'
        : `${dataFolder} belongs to the user id ${owner}, which /etc/passwd does not have: PostgreSQL cannot run as its owner`
    );
  }
  return chosen;
}

function parsePasswd(text: string): ServerUser[] {
  return text.split('\n').flatMap((line) => {
    const [name, , uid, gid] = line.split(':');
    const user = { name: name ?? '', uid: Number(uid), gid: Number(gid) };
    return uid !== undefined && gid !== undefined && user.uid > 0 && user.gid > 0 ? [user] : [];
  });
}
