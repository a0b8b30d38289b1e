/** A version of a member: half open, `to` Infinity while it holds. Times are plain numbers. */
export interface Version {
  readonly from: number;
  readonly to: number;
  readonly state: string;
}

/** One load as a member sees it. */
export interface Load {
  /** The state in landing; undefined when the member is not there. */
  readonly state: string | undefined;
  /** When the item was written, if known. */
  readonly written: number | undefined;
  /** As of when landing holds the table, if known. */
  readonly loadedTo: number | undefined;
  /** The time of the first attempt of the run. */
  readonly now: number;
}

/** What type 2 should keep of one member, told one load at a time. The first version holds since for ever. */
export class MemberHistory {
  private readonly kept: { from: number; to: number; state: string; opened: number }[] = [];
  private seen = -Infinity;

  constructor(private readonly deletes: 'keep' | 'delete') {}

  get versions(): readonly Version[] {
    return this.kept.map(({ from, to, state }) => ({ from, to, state }));
  }

  load({ state, written, loadedTo, now }: Load): void {
    const last = this.kept.at(-1);
    const holds = last?.to === Infinity;
    if (state === undefined) {
      const asOf = loadedTo ?? now;
      if (this.deletes === 'keep' || !holds || asOf < this.seen) return;
      this.seen = asOf;
      last.to = asOf;
      if (last.to === last.from) this.kept.pop();
      return;
    }
    const known = [written, loadedTo].filter((time) => time !== undefined);
    const asOf = known.length === 0 ? now : Math.max(...known);
    const changed = known[0] ?? now;
    if (asOf < this.seen) return;
    this.seen = asOf;
    if (last === undefined) this.open(-Infinity, state, changed);
    else if (!holds) this.open(Math.max(changed, last.to), state);
    else if (last.state === state) return;
    else if (asOf === last.opened) last.state = state;
    else {
      last.to = changed > last.opened ? changed : asOf;
      this.open(last.to, state);
    }
  }

  private open(from: number, state: string, opened = from): void {
    this.kept.push({ from, to: Infinity, state, opened });
  }

  /** The version a fact of a time takes; without a time the one that holds now. */
  at(time: number | undefined): Version | undefined {
    if (time === undefined) return this.versions.find(({ to }) => to === Infinity);
    return this.versions.find(({ from, to }) => from <= time && time < to);
  }
}
