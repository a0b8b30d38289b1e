import { randomUUID } from 'node:crypto';
import { AwsError } from '../../gateway/aws-error.js';
import type { WarehouseConnection, WarehouseConnections } from './warehouse-connections.js';

/** Which warehouse and database a request is for. */
export interface ConnectionTarget {
  readonly database: string;
  readonly workgroup?: string;
  readonly cluster?: string;
  readonly secretArn?: string;
  readonly dbUser?: string;
}

/** A connection that outlives its statements: temporary tables and settings stay. */
export interface Session {
  readonly id: string;
  readonly target: ConnectionTarget;
  readonly connection: WarehouseConnection;
  readonly createdAt: number;
  updatedAt: number;
  keepAliveSeconds: number;
  busy: boolean;
  /** Called when a statement of the session has ended: the time to its end starts anew. */
  idle(): void;
}

/** The open sessions. They end with the process: their state is in their backends. */
export class Sessions {
  readonly #sessions = new Map<string, Session & { timer?: NodeJS.Timeout }>();

  constructor(
    private readonly connections: WarehouseConnections,
    private readonly limit: number
  ) {}

  /** @throws AwsError ActiveSessionsExceededException, or DatabaseConnectionException when the warehouse is away */
  async open(target: ConnectionTarget, keepAliveSeconds: number): Promise<Session> {
    if (this.#sessions.size >= this.limit) {
      throw new AwsError(
        'ActiveSessionsExceededException',
        `Active sessions exceeded the allowed quota (${this.limit}).`
      );
    }
    const connection = await this.connections.acquire(target.database).catch((error: unknown) => {
      throw new AwsError('DatabaseConnectionException', error instanceof Error ? error.message : String(error), 500);
    });
    const now = Date.now();
    const session: Session & { timer?: NodeJS.Timeout } = {
      id: randomUUID(),
      target,
      connection,
      createdAt: now,
      updatedAt: now,
      keepAliveSeconds,
      busy: false,
      idle: () => {
        session.busy = false;
        session.updatedAt = Date.now();
        clearTimeout(session.timer);
        session.timer = setTimeout(() => void this.#close(session), session.keepAliveSeconds * 1000).unref();
      },
    };
    connection.client.on('error', () => void this.#close(session));
    session.idle();
    this.#sessions.set(session.id, session);
    return session;
  }

  /** @throws AwsError ValidationException when the session is over or was never there */
  get(id: string): Session {
    const session = this.#sessions.get(id);
    if (session === undefined) throw new AwsError('ValidationException', `Session ${id} is not available.`);
    return session;
  }

  list(): readonly Session[] {
    return [...this.#sessions.values()];
  }

  async close(): Promise<void> {
    await Promise.all([...this.#sessions.values()].map((session) => this.#close(session)));
  }

  async #close(session: Session & { timer?: NodeJS.Timeout }): Promise<void> {
    if (session.busy) return; // its statement's end sets the timer anew
    clearTimeout(session.timer);
    if (this.#sessions.delete(session.id)) await this.connections.release(session.connection, true);
  }
}
