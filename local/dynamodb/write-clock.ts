/**
 * The clock of writes. DynamoDB stamps each write in microseconds; ours never gives a stamp twice nor an earlier one
 * after a later one, also where the wall clock jumps back.
 */
export class WriteClock {
  #last: number;

  /**
   * @param now milliseconds since the epoch
   * @param last the last stamp given before a restart, microseconds since the epoch
   */
  constructor(
    readonly now: () => number,
    last: number
  ) {
    this.#last = last;
  }

  /**
   * Gives as many stamps as asked for, one microsecond apart.
   * @returns the first, microseconds since the epoch.
   */
  next(stamps = 1): number {
    const first = Math.max(this.#last + 1, Math.floor(this.now() * 1000));
    this.#last = first + stamps - 1;
    return first;
  }
}
