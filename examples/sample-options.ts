/** How much sample data is generated, and from which seed. */
export interface SampleOptions {
  /** Number of items, of all types together. */
  readonly items: number;
  /** Another seed gives other data of the same shape. Default 1. */
  readonly seed?: number;
}
