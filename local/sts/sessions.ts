import { randomBytes } from 'node:crypto';
import type { ClassicLevel } from 'classic-level';
import type { AwsError } from '../gateway/aws-error.js';
import { EntityStore, serviceLevel } from '../state/entity-store.js';

/** Temporary credentials that the local STS has given out, and what they stand for. */
export interface TemporarySession {
  /** `ASIA…`. */
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** Milliseconds since the epoch, a full second. */
  readonly expiration: number;
  /** `arn:aws:sts::…:assumed-role/<role>/<session>`. */
  readonly arn: string;
  /** `AROA…:<session>`. */
  readonly assumedRoleId: string;
  /** JSON of the session policy, by which the role's permissions are narrowed. */
  readonly policy?: string;
}

/** Milliseconds after which an expired session is forgotten: the longest session there is. */
const remembered = 36 * 3_600_000;

const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** An id as IAM makes them: a prefix of four letters and sixteen more. */
export function uniqueId(prefix: string): string {
  return prefix + Array.from(randomBytes(16), (byte) => base32[byte % 32]).join('');
}

/** True of access key ids that only STS gives out. */
export const isTemporary = (accessKeyId: string): boolean => accessKeyId.startsWith('ASIA');

/** The temporary credentials that are known; they outlive a restart. */
export class TemporarySessions {
  private constructor(
    private readonly store: EntityStore<TemporarySession>,
    /** Milliseconds since the epoch, by which sessions expire. */
    readonly now: () => number
  ) {}

  /** Loads what an earlier process has left. @param clock the time of day unless a test says otherwise. */
  static async open(db: ClassicLevel<string, string>, clock: () => number = Date.now): Promise<TemporarySessions> {
    return new TemporarySessions(await EntityStore.open<TemporarySession>(serviceLevel(db, 'sts'), 'session'), clock);
  }

  /** Gives out new credentials that hold for so many seconds. */
  async issue(
    seconds: number,
    of: Pick<TemporarySession, 'arn' | 'assumedRoleId' | 'policy'>
  ): Promise<TemporarySession> {
    for (const { key, value } of this.store.list()) {
      if (value.expiration + remembered < this.now()) await this.store.delete(key);
    }
    const session = {
      ...of,
      accessKeyId: uniqueId('ASIA'),
      secretAccessKey: randomBytes(30).toString('base64'),
      sessionToken: randomBytes(300).toString('base64'),
      expiration: Math.floor(this.now() / 1000 + seconds) * 1000,
    };
    await this.store.put(session.accessKeyId, session);
    return session;
  }

  /**
   * The session that a request's credentials are of.
   * @param errors what the service answers for an unknown key id, for a token that is not the key's, and once expired.
   * @throws AwsError one of these.
   */
  authenticate(
    accessKeyId: string,
    sessionToken: string | undefined,
    errors: Readonly<Record<'unknown' | 'invalid' | 'expired', () => AwsError>>
  ): TemporarySession {
    const session = this.store.get(accessKeyId);
    if (session === undefined || sessionToken === undefined) throw errors.unknown();
    if (session.sessionToken !== sessionToken) throw errors.invalid();
    if (this.now() >= session.expiration) throw errors.expired();
    return session;
  }
}
