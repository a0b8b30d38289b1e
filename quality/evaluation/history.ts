/** Kept values of metrics, which dynamic rules and DetectAnomalies compare with. */
export interface MetricHistory {
  /**
   * Past values of a metric of this dataset, newest first, without those a person excluded. The key is that of
   * `metrics`, such as `Dataset.*.RowCount`.
   */
  values(metric: string): readonly number[] | Promise<readonly number[]>;
}
